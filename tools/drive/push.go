package drive

import (
	"context"
	"fmt"
	"strings"

	"github.com/coder/websocket"
)

// Socket waits for what the server pushes, as the desktop client does.
type Socket struct{ conn *websocket.Conn }

// Listen opens the socket that the protocol of notify_push has, and signs in.
func (s *Server) Listen(ctx context.Context, user, pass string) (*Socket, error) {
	conn, _, err := websocket.Dial(ctx, "ws"+strings.TrimPrefix(s.URL(), "http")+"/push/ws", nil)
	if err != nil {
		return nil, err
	}
	k := &Socket{conn}
	for _, text := range []string{user, pass} {
		if err := conn.Write(ctx, websocket.MessageText, []byte(text)); err != nil {
			return nil, err
		}
	}
	text, err := k.Next(ctx)
	if err == nil && text != "authenticated" {
		err = fmt.Errorf("the socket says %q", text)
	}
	return k, err
}

// Next waits for a message.
func (k *Socket) Next(ctx context.Context) (string, error) {
	_, text, err := k.conn.Read(ctx)
	return string(text), err
}

// Close hangs up.
func (k *Socket) Close() { _ = k.conn.CloseNow() }
