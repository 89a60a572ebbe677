package plug

import "atrium/internal/infra/mail"

// Letter writes a mail that a room sends, with things made up, for administrators
// who want to see what people get.
type Letter func(s Sample) (mail.Message, error)

// Sample is whose the made-up mail is, and to whom it is.
type Sample struct {
	Site        mail.Brand
	Language    string
	Name, Login string
}
