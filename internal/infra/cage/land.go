package cage

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"unsafe"

	"golang.org/x/sys/unix"
)

// readable are the places where software lies, with what it needs to start.
// Nothing there is anybody's data; /etc as a whole would be.
var readable = []string{"/usr", "/bin", "/sbin", "/lib", "/lib64", "/lib32", "/opt", "/nix/store", "/var/cache/fontconfig", "/var/lib/libreoffice", "/var/spool/libreoffice",
	"/etc/ld.so.cache", "/etc/fonts", "/etc/alternatives", "/etc/ImageMagick-6", "/etc/ImageMagick-7", "/etc/libreoffice", "/etc/passwd", "/etc/nsswitch.conf",
	"/etc/localtime", "/etc/OpenCL", "/dev/null", "/dev/zero", "/dev/urandom", "/dev/random",
	"/proc/self", "/proc/cpuinfo", "/proc/meminfo", "/proc/stat", "/proc/filesystems", "/proc/sys", "/sys/devices/system"}

const (
	mayRead = unix.LANDLOCK_ACCESS_FS_EXECUTE | unix.LANDLOCK_ACCESS_FS_READ_FILE | unix.LANDLOCK_ACCESS_FS_READ_DIR
	// onFiles are the rights that a file can have; the others are those of folders.
	onFiles = unix.LANDLOCK_ACCESS_FS_EXECUTE | unix.LANDLOCK_ACCESS_FS_READ_FILE | unix.LANDLOCK_ACCESS_FS_WRITE_FILE | unix.LANDLOCK_ACCESS_FS_TRUNCATE
	abi1    = unix.LANDLOCK_ACCESS_FS_MAKE_SYM<<1 - 1 // all rights of the first edition
)

// enclose leaves this thread, and what it becomes, nothing of the file system but
// software, its input and its folder (landlock(7)). A kernel without Landlock
// leaves it what our own user may see.
func enclose(o orders) error {
	abi, _, e := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, 0, 0, unix.LANDLOCK_CREATE_RULESET_VERSION)
	if e != 0 {
		return nil
	}
	all := uint64(abi1)
	if abi >= 2 {
		all |= unix.LANDLOCK_ACCESS_FS_REFER
	}
	if abi >= 3 {
		all |= unix.LANDLOCK_ACCESS_FS_TRUNCATE
	}
	attr := unix.LandlockRulesetAttr{Handled_access_fs: all}
	size := unsafe.Sizeof(attr.Handled_access_fs)
	fd, _, e := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, uintptr(unsafe.Pointer(&attr)), size, 0)
	if e != 0 {
		return fmt.Errorf("landlock: %w", e)
	}
	r := ruleset{fd: int(fd), all: all}
	for _, p := range append(readable, filepath.Dir(o.Args[0])) {
		if err := r.open(p, mayRead); err != nil {
			return err
		}
	}
	if err := r.open("/dev/null", unix.LANDLOCK_ACCESS_FS_WRITE_FILE); err != nil {
		return err
	}
	if o.Dir != "" {
		if err := r.open(o.Dir, all); err != nil {
			return err
		}
	}
	if o.In {
		if err := r.allow(3, unix.LANDLOCK_ACCESS_FS_READ_FILE); err != nil {
			return err
		}
	}
	if _, _, e := unix.Syscall(unix.SYS_LANDLOCK_RESTRICT_SELF, fd, 0, 0); e != 0 {
		return fmt.Errorf("landlock: %w", e)
	}
	return unix.Close(r.fd)
}

type ruleset struct {
	fd  int
	all uint64
}

// open allows access to what lies at a path, if there is something.
func (r ruleset) open(path string, access uint64) error {
	fd, err := unix.Open(path, unix.O_PATH|unix.O_CLOEXEC, 0)
	if errors.Is(err, os.ErrNotExist) || errors.Is(err, os.ErrPermission) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("landlock: %s: %w", path, err)
	}
	defer unix.Close(fd)
	return r.allow(fd, access)
}

func (r ruleset) allow(fd int, access uint64) error {
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return err
	}
	access &= r.all
	if st.Mode&unix.S_IFMT != unix.S_IFDIR {
		access &= onFiles
	}
	rule := unix.LandlockPathBeneathAttr{Allowed_access: access, Parent_fd: int32(fd)}
	_, _, e := unix.Syscall6(unix.SYS_LANDLOCK_ADD_RULE, uintptr(r.fd), unix.LANDLOCK_RULE_PATH_BENEATH, uintptr(unsafe.Pointer(&rule)), 0, 0, 0)
	if e != 0 && e != unix.EBADFD { // a pipe has no place to allow
		return fmt.Errorf("landlock: %w", e)
	}
	return nil
}
