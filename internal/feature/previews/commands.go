package previews

import (
	"context"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"atrium/internal/base/fault"
	"atrium/internal/base/who"
	"atrium/internal/core/files"
	"atrium/internal/feature/previews/raster"
	"atrium/internal/proto/cli"
)

// commands are those of an administrator.
func (rm *Room) commands() []*cobra.Command {
	generate := &cobra.Command{Use: "preview:generate FILE", Short: "Make the preview of a file, given as an id or as /alice/files/photo.jpg", Args: cobra.ExactArgs(1), RunE: rm.generate}
	generate.Flags().StringSliceP("size", "s", []string{"64x64"}, "Sizes in pixels, such as 64x64 or 1024x1024")
	generate.Flags().BoolP("crop", "c", false, "The middle of the picture in the proportions of the size")
	generate.Flags().StringP("mode", "m", raster.Fit, "Without --crop: fit the picture into the size (fit), or around it (cover)")
	cleanup := &cobra.Command{Use: "preview:cleanup", Short: "Remove all previews, which are made again when somebody asks for them", RunE: rm.cleanup}
	return []*cobra.Command{generate, cleanup}
}

func (rm *Room) cleanup(cmd *cobra.Command, _ []string) error {
	if err := rm.store.empty(); err != nil {
		return err
	}
	cli.Say(cmd, "All previews are removed.")
	return nil
}

func (rm *Room) generate(cmd *cobra.Command, args []string) error {
	ctx := cmd.Context()
	v, e, err := rm.named(ctx, args[0])
	if err != nil {
		return err
	}
	sizes, err := cmd.Flags().GetStringSlice("size")
	if err != nil {
		return err
	}
	mode := cmd.Flag("mode").Value.String()
	if mode == "fill" { // as the parameter of the same name is called
		mode = raster.Fit
	}
	if mode != raster.Fit && mode != raster.Cover {
		return cli.Usage("--mode is fit or cover")
	}
	if cmd.Flag("crop").Value.String() == "true" {
		mode = raster.Crop
	}
	for _, s := range sizes {
		xs, ys, _ := strings.Cut(s, "x")
		x, errX := side(xs)
		y, errY := side(ys)
		if errX != nil || errY != nil || x == math.MaxInt || y == math.MaxInt {
			return cli.Usage("--size %s is not like 64x64", s)
		}
		got, err := rm.preview(ctx, v.Who().ID, e, wish{x, y, mode})
		if err != nil {
			return err
		}
		got.Close()
		cli.Say(cmd, "%s: %d by %d pixels, %d bytes", e.Path, got.W, got.H, got.size)
	}
	return nil
}

// named finds a file by its id, through the eyes of somebody who sees it, or by a
// path below an account.
func (rm *Room) named(ctx context.Context, name string) (*files.View, *files.Entry, error) {
	if id, err := strconv.ParseInt(name, 10, 64); err == nil {
		seen, err := rm.files.Viewers(ctx, id)
		if err != nil {
			return nil, nil, err
		}
		if len(seen[id]) == 0 {
			return nil, nil, fault.New(fault.NotFound, fmt.Sprintf("There is no file %d.", id))
		}
		v, err := rm.files.As(ctx, &who.Principal{ID: seen[id][0]})
		if err != nil {
			return nil, nil, err
		}
		e, err := v.ByID(ctx, id)
		return v, e, err
	}
	uid, path, ok := strings.Cut(strings.TrimPrefix(name, "/"), "/files/")
	if !ok {
		return nil, nil, cli.Usage("%q is neither an id nor like /alice/files/photo.jpg", name)
	}
	v, err := rm.files.As(ctx, &who.Principal{ID: uid})
	if err != nil {
		return nil, nil, err
	}
	e, err := v.Stat(ctx, "/"+path)
	return v, e, err
}
