package app

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"atrium/internal/base/tongue"
)

// said finds the texts that pages say ({{t "…"}}, {{strong "…"}}) and handlers (.Say("…")).
var said = regexp.MustCompile(`(?:[({ ](?:t|strong) |\.Say\()("(?:[^"\\]|\\.)*")`)

// TestLawEveryTextIsTranslated reads what pages and mails say, and looks for it in
// every catalogue. The texts of the web client are held to the same by its own tests.
func TestLawEveryTextIsTranslated(t *testing.T) {
	texts := serverTexts(t)
	if len(texts) < 100 {
		t.Fatalf("found %d texts, want many more", len(texts))
	}
	for _, in := range tongue.All().Each() {
		for text, where := range texts {
			if !in.Has(text) {
				t.Errorf("%s: %s is not there in %s", where, text, in.Name)
			}
		}
	}
	if tongue.All().For("de").Has("This is said by nobody.") {
		t.Error("German has what nobody says")
	}
}

// TestLawWordsAreLiterals: a text that event.Say is given stands there in double
// quotes, so that the law above finds it, and nobody makes Words otherwise.
func TestLawWordsAreLiterals(t *testing.T) {
	hidden := regexp.MustCompile(`event\.Say\([^"]|[^]]event\.Words\{[^}]`)
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		b, err := os.ReadFile(path)
		for _, found := range hidden.FindAllString(string(b), -1) {
			t.Errorf("%s: %s…: say it as event.Say(\"…\"), or event.Written for what people wrote", path, found)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if !hidden.MatchString("event.Say(text)") || hidden.MatchString(`event.Say("Text")`) {
		t.Error("what is no literal is not found")
	}
}

// serverTexts returns where each text is said first.
func serverTexts(t *testing.T) map[string]string {
	texts := map[string]string{}
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		page := strings.HasSuffix(path, ".html") && !strings.Contains(path, "webui/dist")
		code := strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, "_test.go") && !strings.Contains(path, "base/tongue") && !strings.HasSuffix(path, "proto/web/page.go")
		mail := strings.HasSuffix(path, ".txt") && strings.Contains(path, "/mails/")
		if !page && !code && !mail {
			return nil
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if mail {
			for _, text := range letterTexts(string(b)) {
				texts[text] = path
			}
			return nil
		}
		for _, m := range said.FindAllStringSubmatch(string(b), -1) {
			text, err := strconv.Unquote(m[1])
			if err != nil {
				return err
			}
			texts[text] = path
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return texts
}

// letterTexts are the subject, the paragraphs and the words of buttons of a letter.
func letterTexts(s string) (out []string) {
	for _, p := range strings.Split(strings.Replace(s, "\n", "\n\n", 1), "\n\n") {
		p = strings.TrimSpace(strings.TrimPrefix(p, "Subject: "))
		if words, _, ok := strings.Cut(p, "]("); ok && strings.HasPrefix(p, "[") {
			p = words[1:]
		}
		if strings.ContainsFunc(strings.ReplaceAll(p, "{{.Password}}", ""), func(c rune) bool { return c >= 'a' && c <= 'z' }) && p != "(list)" {
			out = append(out, p)
		}
	}
	return out
}
