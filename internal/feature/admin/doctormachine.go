package admin

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"atrium/internal/base/tongue"
	"atrium/internal/infra/conf"
	"atrium/internal/infra/machine"
)

const (
	littleSpace = 1 << 30   // bytes
	noSpace     = 100 << 20 // bytes
	fewFiles    = 4096      // open at once
)

func (p *patient) blobs() string { return filepath.Join(p.conf.Data, "blobs") }

// disk checks that there is room for bytes and for files.
func (p *patient) disk(context.Context) []finding {
	const check = "disk space"
	d, err := machine.DiskOf(p.conf.Data)
	if errors.Is(err, os.ErrNotExist) {
		return nil // said by folder
	}
	if err != nil {
		return []finding{{check, fail, tongue.Plain(err.Error()), tongue.Of("See that the disk is mounted and well.")}}
	}
	text := tongue.Of("{free} of {all} are free.", "free", size(d.Free), "all", size(d.Total))
	switch {
	case d.Free < noSpace:
		return []finding{{check, fail, text, tongue.Of("Make room: without it nothing can be written, also no database.")}}
	case d.Free < littleSpace || d.Free < d.Total/20:
		return []finding{{check, warn, text, tongue.Of("Make room soon, or move the data folder to a larger disk.")}}
	case d.Names > 0 && d.Unused < d.Names/20:
		return []finding{{check, warn, tongue.Of("Only {n, plural, one {# more file fits} other {# more files fit}} on the disk.", "n", d.Unused), tongue.Of("Use a file system with more inodes.")}}
	}
	return []finding{{check, fine, text, tongue.Saying{}}}
}

// folder checks who owns the data folder and who may look into it.
func (p *patient) folder(context.Context) []finding {
	const check = "data folder"
	path, err := filepath.Abs(p.conf.Data)
	if err != nil {
		return []finding{{check, fail, tongue.Plain(err.Error()), tongue.Of("Give an absolute path as data (ATRIUM_DATA).")}}
	}
	fi, err := os.Stat(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return []finding{{check, warn, tongue.Of("{folder} does not exist yet.", "folder", path), tongue.Of("Start the server once, or correct data (ATRIUM_DATA).")}}
	case err != nil:
		return []finding{{check, fail, tongue.Plain(err.Error()), tongue.Of("Let the server’s user reach {folder}", "folder", path)}}
	case !fi.IsDir():
		return []finding{{check, fail, tongue.Of("{folder} is no folder.", "folder", path), tongue.Of("Correct data (ATRIUM_DATA).")}}
	}
	if unix.Access(path, unix.R_OK|unix.W_OK|unix.X_OK) != nil {
		return []finding{{check, fail, tongue.Of("{folder} cannot be written to.", "folder", path), tongue.Plain(fmt.Sprintf("chown -R %d %s", os.Getuid(), path))}}
	}
	if st, ok := fi.Sys().(*syscall.Stat_t); ok && int(st.Uid) != os.Getuid() {
		return []finding{{check, warn, tongue.Of("{folder} belongs to user {owner}, and you are {you}.", "folder", path, "owner", int(st.Uid), "you", os.Getuid()),
			tongue.Of("Run commands as the server’s user, or files come to belong to the wrong one: {command}", "command", fmt.Sprintf("sudo -u '#%d' atrium …", st.Uid))}}
	}
	if fi.Mode().Perm()&0o077 != 0 {
		return []finding{{check, warn, tongue.Of("Other users of this machine may look into {folder} ({rights}).", "folder", path, "rights", fi.Mode().Perm().String()), tongue.Plain("chmod 700 " + path)}}
	}
	return []finding{{check, fine, tongue.Of("{folder} is yours alone.", "folder", path), tongue.Saying{}}}
}

// secrets checks that a configuration file with secrets is not for everybody.
func (p *patient) secrets(context.Context) []finding {
	const check = "secrets"
	file := conf.File(p.source)
	fi, err := os.Stat(file)
	if err != nil {
		return nil // no file: no secrets in it
	}
	where := conf.Where(p.source)
	for _, k := range conf.Keys() {
		if !k.Secret || !strings.HasPrefix(where[k.Name], file+":") || fi.Mode().Perm()&0o077 == 0 {
			continue
		}
		return []finding{{check, fail, tongue.Of("{file} holds {key}, and others may read it ({rights}).", "file", file, "key", k.Name, "rights", fi.Mode().Perm().String()), tongue.Plain("chmod 600 " + file)}}
	}
	return []finding{{check, fine, tongue.Of("{file} gives no secret away.", "file", file), tongue.Saying{}}}
}

// openFiles checks how many files and connections may be open at once.
func (p *patient) openFiles(context.Context) []finding {
	const check = "open files"
	var l unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &l); err != nil {
		return []finding{{check, warn, tongue.Plain(err.Error()), tongue.Saying{}}}
	}
	if l.Cur < fewFiles {
		return []finding{{check, warn, tongue.Of("At most {n, number} files and connections can be open at once.", "n", l.Cur),
			tongue.Of("Raise the limit: LimitNOFILE=65536 in the unit of systemd, or ulimit -n 65536 before the start.")}}
	}
	return []finding{{check, fine, tongue.Of("Up to {n, number} files and connections.", "n", l.Cur), tongue.Saying{}}}
}
