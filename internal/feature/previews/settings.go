package previews

import (
	"context"
	"strconv"
	"strings"
	"time"

	"atrium/internal/infra/conf"
)

// config is what an administrator may set with config:system:set, under the names
// that Nextcloud's config.php has for it where it has one.
type config struct {
	on         bool  // enable_previews
	maxX, maxY int   // preview_max_x, preview_max_y: pixels
	fileSize   int64 // preview_max_filesize_image: bytes of a source that is no film; negative: any
	memory     int64 // preview_max_memory: bytes that one decoder may take
	pixels     int64 // preview_max_pixels: of a source
	seconds    int   // preview_max_seconds: processor time of one decoder
	slots      int   // preview_concurrency_new: decoders at once
	room       int64 // preview_max_storage: bytes of all that is kept; 0: 3 % of all files, a GiB at least
	quality    int   // jpeg_quality
	off        []string
}

func defaults() config {
	return config{on: true, maxX: 4096, maxY: 4096, fileSize: 256 << 20, memory: 256 << 20, pixels: 100e6, seconds: 30, slots: 1, quality: 80}
}

// systemApp is the app of config:system:set.
const systemApp = "system"

// configFor is how long settings are believed.
const configFor = time.Second

// config reads the settings. A value that makes no sense is as none.
func (rm *Room) config(ctx context.Context) (config, error) {
	rm.known.Lock()
	defer rm.known.Unlock()
	now := rm.now()
	if age := now.Sub(rm.known.at); age >= 0 && age < configFor {
		return rm.known.config, nil
	}
	c := defaults()
	for s, err := range rm.settings.All(ctx, systemApp) {
		if err != nil {
			return c, err
		}
		if strings.Contains(s.Name, "preview") || s.Name == "jpeg_quality" {
			c.set(s.Name, strings.TrimSpace(s.Value))
		}
	}
	rm.known.config, rm.known.at = c, now
	rm.turns.allow(c.slots)
	return c, nil
}

func (c *config) set(name, value string) {
	n, err := strconv.ParseInt(value, 10, 64)
	number := err == nil
	switch {
	case name == "enable_previews":
		c.on = value != "false" && value != "0" && value != ""
	case name == "disabled_preview_kinds":
		c.off = strings.FieldsFunc(value, func(r rune) bool { return r == ' ' || r == ',' })
	case name == "preview_max_storage":
		if size, err := conf.ParseSize(value); err == nil && size >= 0 {
			c.room = int64(size)
		}
	case !number:
	case name == "preview_max_x" && n > 0:
		c.maxX = int(min(n, largest))
	case name == "preview_max_y" && n > 0:
		c.maxY = int(min(n, largest))
	case name == "preview_max_filesize_image": // in MB
		c.fileSize = n << 20
	case name == "preview_max_memory" && n >= 64: // in MB
		c.memory = n << 20
	case name == "preview_max_pixels" && n > 0: // in millions
		c.pixels = n * 1e6
	case name == "preview_max_seconds" && n > 0:
		c.seconds = int(min(n, 600))
	case name == "preview_concurrency_new" && n > 0:
		c.slots = int(min(n, 64))
	case name == "jpeg_quality" && n > 0 && n <= 100:
		c.quality = int(n)
	}
}
