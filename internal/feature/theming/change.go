package theming

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"os"
	"slices"

	"github.com/spf13/cobra"

	"atrium/internal/base/fault"
	"atrium/internal/proto/cli"
	"atrium/internal/proto/web"
)

// errUnknown is the answer to a name that nothing has.
var errUnknown = fault.New(fault.Invalid, "There is nothing of this name to choose.")

// set changes a setting, or forgets it when the value is "".
func (rm *Room) set(ctx context.Context, name, value string) error {
	s := settingNamed(name)
	if s.Kind == "" {
		return errUnknown
	}
	if value == "" {
		return rm.reset(ctx, name)
	}
	value, err := s.Parse(value)
	if err != nil {
		return err
	}
	return rm.settings.Set(ctx, app, name, value)
}

// reset goes back to what is ours.
func (rm *Room) reset(ctx context.Context, name string) error {
	if slices.Contains(pictures, name) {
		return rm.drop(ctx, name)
	}
	if settingNamed(name).Kind == "" {
		return errUnknown
	}
	if err := rm.settings.Delete(ctx, app, name); err != nil && !errors.Is(err, fault.NotFound) {
		return err
	}
	return nil
}

func (rm *Room) resetAll(ctx context.Context) error {
	for _, s := range offered() {
		if err := rm.reset(ctx, s.Name); err != nil {
			return err
		}
	}
	for _, key := range pictures {
		if err := rm.reset(ctx, key); err != nil {
			return err
		}
	}
	return nil
}

type asked struct {
	Setting string `json:"setting"`
	Value   string `json:"value"`
}

// wish reads {setting, value} as JSON or as a form.
func wish(r *http.Request) (a asked, err error) {
	if kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); kind == "application/json" {
		if err := json.NewDecoder(r.Body).Decode(&a); err != nil {
			return a, fault.Wrap(fault.Invalid, err, "This is not JSON as expected.")
		}
		return a, nil
	}
	if err := r.ParseForm(); err != nil {
		return a, fault.Wrap(fault.Invalid, err, "This form cannot be read.")
	}
	return asked{r.PostForm.Get("setting"), r.PostForm.Get("value")}, nil
}

// answer is what Nextcloud's page expects, for what is done as for what is wrong
// (34-apps/157).
func answer(w http.ResponseWriter, r *http.Request, said map[string]string, err error) error {
	var f *fault.Fault
	switch {
	case err == nil:
		web.WriteJSON(w, http.StatusOK, map[string]any{"data": said, "status": "success"})
	case fault.Of(err) == fault.Invalid && errors.As(err, &f):
		web.WriteJSON(w, http.StatusBadRequest, map[string]any{"data": map[string]string{"message": web.Text(r, f)}, "status": "error"})
	default:
		return err
	}
	return nil
}

func (rm *Room) change(w http.ResponseWriter, r *http.Request) error {
	a, err := wish(r)
	if err == nil {
		err = rm.set(r.Context(), a.Setting, a.Value)
	}
	return answer(w, r, map[string]string{"message": "Saved"}, err)
}

func (rm *Room) undo(w http.ResponseWriter, r *http.Request) error {
	a, err := wish(r)
	if err == nil {
		err = rm.reset(r.Context(), a.Setting)
	}
	return answer(w, r, map[string]string{"message": "Saved", "value": settingNamed(a.Setting).Default}, err)
}

func (rm *Room) undoAll(w http.ResponseWriter, r *http.Request) error {
	return answer(w, r, map[string]string{"message": "Saved"}, rm.resetAll(r.Context()))
}

// upload takes a form with a picture under "image" and its place under "key".
func (rm *Room) upload(w http.ResponseWriter, r *http.Request) error {
	key, b, err := picked(r)
	if err != nil {
		return answer(w, r, nil, err)
	}
	p, err := judge(b)
	if err == nil {
		err = rm.keep(r.Context(), key, p)
	}
	if err != nil {
		return answer(w, r, nil, err)
	}
	l, err := rm.given(r.Context())
	return answer(w, r, map[string]string{"message": "Saved", "name": key, "url": l.picture(key), "mime": p.kind}, err)
}

func picked(r *http.Request) (key string, b []byte, err error) {
	m, err := r.MultipartReader()
	if err != nil {
		return "", nil, fault.Wrap(fault.Invalid, err, "No picture came along.")
	}
	for {
		part, err := m.NextPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return "", nil, err
		}
		switch part.FormName() {
		case "key":
			v, err := io.ReadAll(io.LimitReader(part, maxName))
			if err != nil {
				return "", nil, err
			}
			key = string(v)
		case "image":
			if b, err = io.ReadAll(io.LimitReader(part, maxPicture+1)); err != nil {
				return "", nil, err
			}
		}
	}
	if !slices.Contains(pictures, key) {
		return "", nil, errUnknown
	}
	if len(b) == 0 {
		return "", nil, fault.New(fault.Invalid, "No picture came along.")
	}
	return key, b, nil
}

// command is theming:config.
func (rm *Room) command() *cobra.Command {
	c := &cobra.Command{Use: "theming:config [NAME [VALUE]]", Short: "Show or change how the instance presents itself",
		Long: "Shows or changes how the instance presents itself. The names are name, slogan, url, imprintUrl, privacyUrl, primary_color (or color) and\n" +
			"background_color, and for pictures, whose value is a file, logo, logoheader, favicon and background.",
		Args: cobra.MaximumNArgs(2), RunE: rm.config}
	c.Flags().Bool("reset", false, "Go back to what is ours")
	return c
}

func (rm *Room) config(cmd *cobra.Command, args []string) error {
	ctx := cmd.Context()
	if len(args) > 0 && args[0] == "color" {
		args[0] = "primary_color" // as it was called before
	}
	back, err := cmd.Flags().GetBool("reset")
	switch {
	case err != nil:
		return err
	case back && len(args) == 1:
		if err := rm.reset(ctx, args[0]); err != nil {
			return err
		}
		cli.Say(cmd, "%s is as it was at first.", args[0])
		return nil
	case back:
		return cli.Usage("give the one name to reset")
	case len(args) == 2:
		return rm.choose(cmd, args[0], args[1])
	}
	return rm.tell(cmd, args)
}

// choose sets a value, or takes the picture of a file.
func (rm *Room) choose(cmd *cobra.Command, name, value string) error {
	if !slices.Contains(pictures, name) {
		if err := rm.set(cmd.Context(), name, value); err != nil {
			return err
		}
		cli.Say(cmd, "%s is set.", name)
		return nil
	}
	b, err := os.ReadFile(value)
	if err != nil {
		return err
	}
	p, err := judge(b)
	if err != nil {
		return err
	}
	if err := rm.keep(cmd.Context(), name, p); err != nil {
		return err
	}
	cli.Say(cmd, "%s is set.", name)
	return nil
}

// tell prints what was chosen: all of it, or one value.
func (rm *Room) tell(cmd *cobra.Command, args []string) error {
	set := map[string]string{}
	for _, s := range offered() {
		v, err := rm.settings.Default(cmd.Context(), app, s.Name, s.Default)
		if err != nil {
			return err
		}
		set[s.Name] = v
	}
	for _, key := range pictures {
		v, err := rm.settings.Default(cmd.Context(), app, key+"Mime", "")
		if err != nil {
			return err
		}
		set[key] = v
	}
	if len(args) == 0 {
		return cli.Print(cmd, set)
	}
	v, ok := set[args[0]]
	if !ok {
		return errUnknown
	}
	return cli.Print(cmd, v)
}
