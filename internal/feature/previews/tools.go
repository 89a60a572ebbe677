package previews

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"atrium/internal/base/tongue"
	"atrium/internal/infra/cage"
	"atrium/internal/proto/plug"
)

// programs is what is installed of the programs that help, by the name of what
// they are found as; "" is not installed.
type programs struct {
	vips, heif, rsvg, pdf, office, ffmpeg, dcraw string
	at                                           time.Time
}

// programsFor is how long it is believed what is installed.
const programsFor = time.Minute

func (rm *Room) installed() *programs {
	now := rm.now()
	if p := rm.programs.Load(); p != nil && now.Sub(p.at) < programsFor {
		return p
	}
	p := &programs{vips: first("vipsthumbnail"), heif: first("heif-convert", "heif-dec"), rsvg: first("rsvg-convert"), pdf: first("pdftoppm"),
		office: withoutSplash(first("soffice", "libreoffice")), ffmpeg: first("ffmpeg"), dcraw: first("dcraw"), at: now}
	rm.programs.Store(p)
	return p
}

// health tells which programs are missing, and what cannot be shown for it.
func (rm *Room) health(context.Context) plug.Finding {
	p := rm.installed()
	var missing []tongue.Saying
	for _, x := range []struct {
		found, program string
		of             tongue.Saying
	}{{p.vips, "vipsthumbnail", tongue.Of("HEIC and exotic pictures")}, {p.rsvg, "rsvg-convert", tongue.Plain("SVG")},
		{p.pdf, "pdftoppm", tongue.Plain("PDF")}, {p.office, "soffice", tongue.Of("office documents")}, {p.ffmpeg, "ffmpeg", tongue.Of("films")},
		{p.dcraw, "dcraw", tongue.Of("raw photographs")}} {
		if x.found == "" {
			missing = append(missing, tongue.Of("{program} ({kind})", "program", x.program, "kind", x.of))
		}
	}
	if len(missing) == 0 {
		return plug.Finding{State: plug.Fine, Text: tongue.Of("All programs are installed.")}
	}
	return plug.Finding{State: plug.Warn, Text: tongue.Of("Not everything has a preview. Missing: {programs}.", "programs", missing),
		Fix: tongue.Of("On Debian: {command}", "command", "apt install libvips-tools librsvg2-bin poppler-utils libreoffice-nogui ffmpeg dcraw")}
}

// first is the first of some programs that is installed.
func first(names ...string) string {
	for _, n := range names {
		if cage.Find(n) != "" {
			return n
		}
	}
	return ""
}

// can tells whether a kind can be shown with what is installed.
func (p *programs) can(k kind) bool {
	switch k {
	case heif:
		return p.vips != "" || p.heif != ""
	case raw:
		return p.dcraw != ""
	case exotic:
		return p.vips != ""
	case svg:
		return p.rsvg != ""
	case pdf:
		return p.pdf != ""
	case office:
		return p.office != "" && p.pdf != ""
	case video:
		return p.ffmpeg != ""
	}
	return k != none
}

// String names what is installed, for the notes on previews that cannot be made.
func (p *programs) String() string {
	return strings.Join([]string{p.vips, p.heif, p.rsvg, p.pdf, p.office, p.ffmpeg, p.dcraw}, " ")
}

// convert lets a program make a picture that raster can read of a source, about as
// large as need be, in the private folder dir. upright tells whether it was turned
// as the camera was held.
func (rm *Room) convert(ctx context.Context, k kind, src *source, side int, c *config, dir string) (file string, upright bool, err error) {
	p := rm.installed()
	run := func(args ...string) error { return rm.program(ctx, src, c, dir, args...) }
	size := strconv.Itoa(side)
	out := filepath.Join(dir, "out.png")
	switch k {
	case picture, exotic:
		return out, true, run(p.vips, cage.In, "--size", size+"x"+size+">", "--output", out)
	case heif:
		jpg := filepath.Join(dir, "out.jpg")
		if p.vips != "" {
			return jpg, true, run(p.vips, cage.In, "--size", size+"x"+size+">", "--output", jpg+"[Q=90]")
		}
		err := run(p.heif, "-q", "90", cage.In, jpg)
		if several := filepath.Join(dir, "out-1.jpg"); err == nil && exists(several) {
			jpg = several
		}
		return jpg, true, err
	case raw:
		return rm.cameraJPEG(ctx, src, c, dir)
	case svg:
		// From standard input a drawing has no place, so that no file can be beside it.
		return out, true, run(p.rsvg, "--keep-aspect-ratio", "--width", size, "--height", size, "--output", out)
	case pdf:
		return out, true, run(p.pdf, "-q", "-f", "1", "-l", "1", "-singlefile", "-scale-to", size, "-png", cage.In, strings.TrimSuffix(out, ".png"))
	case office:
		return out, true, rm.page(ctx, src, size, c, dir)
	case video:
		return out, true, rm.frame(ctx, src, size, c, dir, out)
	}
	return "", false, fmt.Errorf("no program makes a picture of %s: %w", k, cage.ErrMissing)
}

// program runs a program on a source.
func (rm *Room) program(ctx context.Context, src *source, c *config, dir string, args ...string) error {
	return rm.cage.Run(ctx, cage.Job{Args: args, In: src.file, Dir: dir, Limits: c.limits()})
}

func (c *config) limits() cage.Limits {
	return cage.Limits{Memory: c.memory, CPU: time.Duration(c.seconds) * time.Second}
}

// cameraJPEG takes the picture that a camera put into its raw file.
func (rm *Room) cameraJPEG(ctx context.Context, src *source, c *config, dir string) (string, bool, error) {
	out := filepath.Join(dir, "out.jpg")
	f, err := os.Create(out)
	if err != nil {
		return "", false, err
	}
	defer f.Close()
	err = rm.cage.Run(ctx, cage.Job{Args: []string{rm.installed().dcraw, "-e", "-c", cage.In}, In: src.file, Dir: dir, Out: f, Most: 64 << 20, Limits: c.limits()})
	return out, false, err
}

// officeNeeds is the memory of an office suite, which is more than that of a
// decoder.
const officeNeeds = 1 << 30

// officeAgain is the exit code with which LibreOffice asks to be started once more, as it
// does with a profile that is new.
const officeAgain = 81

// withoutSplash is the office suite itself, without the program that starts it: that one
// tries its socket in /tmp only, which the cage refuses.
func withoutSplash(program string) string {
	if program == "" {
		return ""
	}
	whole, err := filepath.EvalSymlinks(cage.Find(program))
	if bin := filepath.Join(filepath.Dir(whole), "soffice.bin"); err == nil && exists(bin) {
		return bin
	}
	return program
}

// page makes a picture of the first page of an office document, by way of PDF.
func (rm *Room) page(ctx context.Context, src *source, size string, c *config, dir string) error {
	p := rm.installed()
	in := filepath.Join(dir, "in"+src.ending)
	if err := os.Symlink(cage.In, in); err != nil {
		return err
	}
	l := c.limits()
	l.Memory = max(l.Memory, officeNeeds)
	job := cage.Job{Args: []string{p.office, "--headless", "--norestore", "--nolockcheck", "--nologo", "-env:UserInstallation=file://" + dir + "/profile",
		"--convert-to", "pdf", "--outdir", dir, in}, In: src.file, Dir: dir, Most: 1 << 20, Limits: l}
	err := rm.cage.Run(ctx, job)
	if exit, ok := errors.AsType[*exec.ExitError](err); ok && exit.ExitCode() == officeAgain {
		err = rm.cage.Run(ctx, job)
	}
	if err != nil {
		return err
	}
	return rm.program(ctx, src, c, dir, p.pdf, "-q", "-f", "1", "-l", "1", "-singlefile", "-scale-to", size, "-png", filepath.Join(dir, "in.pdf"), filepath.Join(dir, "out"))
}

// frame takes a frame of a film, from its second second if it is that long.
func (rm *Room) frame(ctx context.Context, src *source, size string, c *config, dir, out string) error {
	var err error
	for _, at := range []string{"1", "0"} {
		err = rm.program(ctx, src, c, dir, rm.installed().ffmpeg, "-nostdin", "-v", "error", "-threads", "1", "-protocol_whitelist", "file,pipe", "-ss", at, "-i", cage.In,
			"-an", "-sn", "-dn", "-frames:v", "1", "-vf", "scale=w="+size+":h="+size+":force_original_aspect_ratio=decrease", "-threads", "1", "-y", out)
		if err == nil && exists(out) {
			return nil
		}
	}
	if err == nil {
		err = fmt.Errorf("%w: no frame", cage.ErrFailed)
	}
	return err
}

func exists(name string) bool {
	_, err := os.Stat(name)
	return err == nil
}
