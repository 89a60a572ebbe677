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
		return []finding{{check, fail, err.Error(), "See that the disk is mounted and well."}}
	}
	text := fmt.Sprintf("%s of %s are free.", size(d.Free), size(d.Total))
	switch {
	case d.Free < noSpace:
		return []finding{{check, fail, text, "Make room: without it nothing can be written, also no database."}}
	case d.Free < littleSpace || d.Free < d.Total/20:
		return []finding{{check, warn, text, "Make room soon, or move the data folder to a larger disk."}}
	case d.Names > 0 && d.Unused < d.Names/20:
		return []finding{{check, warn, fmt.Sprintf("Only %d more files fit on the disk.", d.Unused), "Use a file system with more inodes."}}
	}
	return []finding{{check, fine, text, ""}}
}

// folder checks who owns the data folder and who may look into it.
func (p *patient) folder(context.Context) []finding {
	const check = "data folder"
	path, err := filepath.Abs(p.conf.Data)
	if err != nil {
		return []finding{{check, fail, err.Error(), "Give an absolute path as data (ATRIUM_DATA)."}}
	}
	fi, err := os.Stat(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return []finding{{check, warn, path + " does not exist yet.", "Start the server once, or correct data (ATRIUM_DATA)."}}
	case err != nil:
		return []finding{{check, fail, err.Error(), "Let the server's user reach " + path}}
	case !fi.IsDir():
		return []finding{{check, fail, path + " is no folder.", "Correct data (ATRIUM_DATA)."}}
	}
	if unix.Access(path, unix.R_OK|unix.W_OK|unix.X_OK) != nil {
		return []finding{{check, fail, path + " cannot be written to.", fmt.Sprintf("chown -R %d %s", os.Getuid(), path)}}
	}
	if st, ok := fi.Sys().(*syscall.Stat_t); ok && int(st.Uid) != os.Getuid() {
		return []finding{{check, warn, fmt.Sprintf("%s belongs to user %d, and you are %d.", path, st.Uid, os.Getuid()),
			fmt.Sprintf("Run commands as the server's user, or files come to belong to the wrong one: sudo -u '#%d' atrium …", st.Uid)}}
	}
	if fi.Mode().Perm()&0o077 != 0 {
		return []finding{{check, warn, fmt.Sprintf("Other users of this machine may look into %s (%s).", path, fi.Mode().Perm()), "chmod 700 " + path}}
	}
	return []finding{{check, fine, path + " is yours alone.", ""}}
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
		return []finding{{check, fail, fmt.Sprintf("%s holds %s, and others may read it (%s).", file, k.Name, fi.Mode().Perm()), "chmod 600 " + file}}
	}
	return []finding{{check, fine, file + " gives no secret away.", ""}}
}

// openFiles checks how many files and connections may be open at once.
func (p *patient) openFiles(context.Context) []finding {
	const check = "open files"
	var l unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &l); err != nil {
		return []finding{{check, warn, err.Error(), ""}}
	}
	if l.Cur < fewFiles {
		return []finding{{check, warn, fmt.Sprintf("At most %d files and connections can be open at once.", l.Cur),
			"Raise the limit: LimitNOFILE=65536 in the unit of systemd, or ulimit -n 65536 before the start."}}
	}
	return []finding{{check, fine, fmt.Sprintf("Up to %d files and connections.", l.Cur), ""}}
}
