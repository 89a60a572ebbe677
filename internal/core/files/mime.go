package files

import "atrium/internal/base/media"

// Unknown is the media type of a name that tells nothing.
const Unknown = media.Unknown

// MediaType tells a file's type by the ending of its name.
func MediaType(name string) string { return media.TypeOf(name) }
