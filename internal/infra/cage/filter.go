package cage

import (
	"errors"
	"fmt"
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// programDenied are the system calls that a caged program has no use for: the
// network (sockets within the machine are left to it), other processes, the
// kernel.
func programDenied() []rule {
	return append(everyone(), rule{nr: unix.SYS_SOCKET, unless: unix.AF_UNIX}, mayWrite[runtime.GOARCH])
}

// mayWrite is the question whether one may write somewhere. Landlock leaves it alone,
// so that it would be answered as if there were no cage; LibreOffice then insists on
// a socket in /tmp, instead of where OSL_SOCKET_PATH says.
var mayWrite = map[string]rule{
	"amd64": {nr: 21, arg: 1, only: unix.W_OK}, // access
	"arm64": {nr: 48, arg: 2, only: unix.W_OK}, // faccessat
}

// workerDenied are those that a worker has no use for, which got its files opened:
// besides the above, files and programs.
func workerDenied() []rule {
	rules := append(everyone(), rule{nr: unix.SYS_SOCKET, unless: never}, rule{nr: unix.SYS_OPENAT, unless: never}, rule{nr: unix.SYS_OPENAT2, unless: never},
		rule{nr: unix.SYS_EXECVE, unless: never}, rule{nr: unix.SYS_UNLINKAT, unless: never}, rule{nr: unix.SYS_RENAMEAT, unless: never},
		rule{nr: unix.SYS_RENAMEAT2, unless: never}, rule{nr: unix.SYS_MKDIRAT, unless: never})
	for _, nr := range oldFileCalls[runtime.GOARCH] {
		rules = append(rules, rule{nr: nr, unless: never})
	}
	return rules
}

// oldFileCalls are system calls on files that only older machines have: open,
// rename, mkdir, creat, unlink.
var oldFileCalls = map[string][]uint32{"amd64": {2, 82, 83, 85, 87}}

func everyone() (rules []rule) {
	for _, nr := range []uint32{unix.SYS_IO_URING_SETUP, unix.SYS_PTRACE, unix.SYS_PROCESS_VM_READV, unix.SYS_PROCESS_VM_WRITEV, unix.SYS_BPF,
		unix.SYS_MOUNT, unix.SYS_UNSHARE, unix.SYS_SETNS, unix.SYS_KEYCTL, unix.SYS_ADD_KEY, unix.SYS_REQUEST_KEY, unix.SYS_PERF_EVENT_OPEN,
		unix.SYS_USERFAULTFD, unix.SYS_EXECVEAT, unix.SYS_PIDFD_GETFD} {
		rules = append(rules, rule{nr: nr, unless: never})
	}
	return rules
}

// rule denies a system call: unless its first argument is a certain one, or only if
// one of its arguments is.
type rule struct {
	nr, unless uint32
	arg, only  uint32 // instead of unless; only 0: none
}

const never = ^uint32(0)

// arches are the names of machines in seccomp(2).
var arches = map[string]uint32{"amd64": unix.AUDIT_ARCH_X86_64, "arm64": unix.AUDIT_ARCH_AARCH64}

// filter makes the kernel refuse system calls for this process and all that come
// of it (seccomp(2)). On a machine whose calls we do not know there is none.
func filter(denied func() []rule) error {
	arch, ok := arches[runtime.GOARCH]
	if !ok {
		return nil
	}
	prog := program(arch, denied())
	fprog := unix.SockFprog{Len: uint16(len(prog)), Filter: &prog[0]}
	_, _, e := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, unix.SECCOMP_FILTER_FLAG_TSYNC, uintptr(unsafe.Pointer(&fprog)))
	runtime.KeepAlive(prog)
	if errors.Is(e, unix.ENOSYS) || errors.Is(e, unix.EINVAL) { // a kernel built without
		return nil
	}
	if e != 0 {
		return fmt.Errorf("filter of system calls: %w", e)
	}
	return nil
}

// program is the filter in the machine language of seccomp: struct seccomp_data
// has the call's number at 0, the machine at 4, the low halves of the
// arguments at 16, 24 and so on.
func program(arch uint32, rules []rule) []unix.SockFilter {
	load := func(at uint32) unix.SockFilter {
		return unix.SockFilter{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: at}
	}
	ret := func(v uint32) unix.SockFilter { return unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: v} }
	equal := func(k uint32, yes, no uint8) unix.SockFilter {
		return unix.SockFilter{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: k, Jt: yes, Jf: no}
	}
	const allow = unix.SECCOMP_RET_ALLOW
	deny := uint32(unix.SECCOMP_RET_ERRNO | uint32(unix.EPERM))
	// Calls of another machine's numbers, such as those of 32 bits, are refused all.
	p := []unix.SockFilter{load(4), equal(arch, 1, 0), ret(deny), load(0),
		{Code: unix.BPF_JMP | unix.BPF_JGE | unix.BPF_K, K: 0x40000000, Jt: 0, Jf: 1}, ret(deny)}
	for _, r := range rules {
		switch {
		case r.only != 0:
			p = append(p, equal(r.nr, 0, 4), load(16+8*r.arg), equal(r.only, 0, 1), ret(deny), ret(allow))
		case r.unless == never:
			p = append(p, equal(r.nr, 0, 1), ret(deny))
		default:
			p = append(p, equal(r.nr, 0, 4), load(16), equal(r.unless, 1, 0), ret(deny), ret(allow))
		}
	}
	return append(p, ret(allow))
}
