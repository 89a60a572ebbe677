package status

import "unicode/utf8"

// pictures are the characters that can begin an emoji, as pairs of first and last
// (Unicode 16, emoji-data.txt, Emoji but for digits, * and #; blocks of pictures
// are taken whole, so that those of later editions pass too).
const pictures = "©©®®‼‼⁉⁉™™ℹℹ↔↙↩↪⌚⌛⌨⌨⏏⏏⏩⏳⏸⏺ⓂⓂ▪▫▶▶◀◀◻◾☀☄☎☎☑☑☔☕☘☘☝☝☠☠☢☣☦☦☪☪☮☯☸☺♀♀♂♂♈♓♟♠♣♣♥♦♨♨♻♻♾♿⚒⚗⚙⚙⚛⚜⚠⚡⚧⚧⚪⚫⚰⚱" +
	"⚽⚾⛄⛅⛈⛈⛎⛏⛑⛑⛓⛔⛩⛪⛰⛵⛷⛺⛽⛽✂✂✅✅✈✍✏✏✒✒✔✔✖✖✝✝✡✡✨✨✳✴❄❄❇❇❌❌❎❎❓❕❗❗❣❤➕➗➡➡➰➰➿➿⤴⤵⬅⬇⬛⬜⭐⭐⭕⭕〰〰〽〽㊗㊗㊙㊙" +
	"🀄🀄🃏🃏🅰🅱🅾🅿🆎🆎🆑🆚🈁🈂🈚🈚🈯🈯🈲🈺🉐🉑🌀🗿😀🙏🚀\U0001f6ff🟠🟫🟰🟰🤌🧿🩰\U0001faff"

const (
	joiner   = '\u200d'
	drawn    = '\ufe0f' // shown as a picture, not as text
	keycap   = '\u20e3'
	tagFirst = '\U000e0020'
	tagLast  = '\U000e007e'
	tagEnd   = '\U000e007f'
)

// oneEmoji tells whether s is one emoji: a picture with what may follow it, a key,
// a flag, or several joined into one (UTS #51, ED-17).
func oneEmoji(s string) bool {
	if len(s) > 128 || !utf8.ValidString(s) {
		return false
	}
	r := []rune(s)
	if len(r) == 2 && flagLetter(r[0]) && flagLetter(r[1]) {
		return true
	}
	for {
		n := picture(r)
		if n == 0 || n == len(r) {
			return n > 0
		}
		if r[n] != joiner {
			return false
		}
		r = r[n+1:]
	}
}

// picture is how many characters the emoji at the front of r has, 0 when there is
// none.
func picture(r []rune) int {
	if len(r) >= 3 && (r[0] >= '0' && r[0] <= '9' || r[0] == '*' || r[0] == '#') && r[1] == drawn && r[2] == keycap {
		return 3
	}
	if len(r) == 0 || !pictorial(r[0]) {
		return 0
	}
	n := 1
	if n < len(r) && (r[n] == drawn || r[n] >= 0x1f3fb && r[n] <= 0x1f3ff) { // or a colour of the skin
		n++
	}
	tags := n
	for tags < len(r) && r[tags] >= tagFirst && r[tags] <= tagLast {
		tags++
	}
	if tags > n && tags < len(r) && r[tags] == tagEnd {
		return tags + 1
	}
	return n
}

func pictorial(c rune) bool {
	first := rune(-1)
	for _, p := range pictures {
		if first < 0 {
			first = p
			continue
		}
		if c >= first && c <= p {
			return true
		}
		first = -1
	}
	return false
}

func flagLetter(c rune) bool { return c >= 0x1f1e6 && c <= 0x1f1ff }
