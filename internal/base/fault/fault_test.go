package fault

import (
	"errors"
	"fmt"
	"io"
	"testing"
)

func TestKindIsFoundThroughWrapping(t *testing.T) {
	err := fmt.Errorf("share 7: %w", Wrap(Unavailable, io.ErrUnexpectedEOF, "The storage does not answer."))
	if !errors.Is(err, Unavailable) || !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("kind or cause lost in %v", err)
	}
	if got := Of(err); got != Unavailable {
		t.Errorf("Of = %v, want %v", got, Unavailable)
	}
	if got, want := Text(err), "The storage does not answer."; got != want {
		t.Errorf("Text = %q, want %q", got, want)
	}
}

func TestInternalShowsNothing(t *testing.T) {
	for _, err := range []error{errors.New("dial tcp 10.0.0.1"), Wrap(Internal, io.EOF, "secret")} {
		if Of(err) != Internal || Text(err) != "" {
			t.Errorf("%v: kind %v, text %q", err, Of(err), Text(err))
		}
	}
}

func TestBareKindIsAnError(t *testing.T) {
	if got := Of(fmt.Errorf("node 3: %w", NotFound)); got != NotFound {
		t.Errorf("Of = %v, want %v", got, NotFound)
	}
}
