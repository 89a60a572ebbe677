package db

import "context"

// About is what a database says of itself.
type About struct {
	Version string
	Size    int64 // bytes
}

// About asks the database what it is and how large it has become.
func (db *DB) About(ctx context.Context) (About, error) {
	q := "SELECT sqlite_version(), p.page_count * s.page_size FROM pragma_page_count() p, pragma_page_size() s"
	switch db.dialect {
	case Postgres:
		q = "SELECT current_setting('server_version'), pg_database_size(current_database())"
	case MySQL:
		q = "SELECT VERSION(), (SELECT COALESCE(SUM(data_length + index_length), 0) FROM information_schema.tables WHERE table_schema = DATABASE())"
	}
	return One(ctx, db, func(r Row) (a About, err error) { return a, r.Scan(&a.Version, &a.Size) }, q)
}
