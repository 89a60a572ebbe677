package shelf

import (
	"strconv"
	"strings"
)

// The extended attributes by which we know what is ours.
const (
	fileMark   = "user.atrium.content"
	folderMark = "user.atrium.node"
)

// Mark says that an inode is ours. It names the inode, since programs that copy
// take extended attributes along: a copy is not ours.
type Mark struct {
	ID    int64  // content of a file, node of a folder
	Ino   uint64 // the inode that we marked
	MTime int64  // the file's time when we marked it, ns since 1970: with another one, somebody wrote to it
	Apart bool   // the file is a copy of the blob and no link to it, for a blob that cannot have more links
}

// String is at most 45 bytes, so that ext4 keeps it in the inode: numbers to the
// base 36, "content inode mtime" or "node inode".
func (m Mark) String() string {
	s := strconv.FormatInt(m.ID, 36) + " " + strconv.FormatUint(m.Ino, 36)
	if m.MTime != 0 {
		s += " " + strconv.FormatInt(m.MTime, 36)
	}
	if m.Apart {
		s += " c"
	}
	return s
}

// parseMark reads what String wrote; ok is false for anything else.
func parseMark(s string) (m Mark, ok bool) {
	if rest, found := strings.CutSuffix(s, " c"); found {
		s, m.Apart = rest, true
	}
	parts := strings.Split(s, " ")
	if len(parts) < 2 || len(parts) > 3 {
		return Mark{}, false
	}
	var err error
	if m.ID, err = strconv.ParseInt(parts[0], 36, 64); err != nil || m.ID <= 0 {
		return Mark{}, false
	}
	if m.Ino, err = strconv.ParseUint(parts[1], 36, 64); err != nil {
		return Mark{}, false
	}
	if len(parts) == 3 {
		if m.MTime, err = strconv.ParseInt(parts[2], 36, 64); err != nil {
			return Mark{}, false
		}
	}
	return m, true
}
