package event

// FavoriteChanged tells that somebody made a file or folder one of their favourites,
// or did not want it to be one any more. Nobody else needs to know.
type FavoriteChanged struct {
	Node int64
	On   bool
	By
}

// EventName implements bus.Event.
func (FavoriteChanged) EventName() string { return "favorite.changed" }
