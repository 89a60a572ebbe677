package e2e

import "testing"

// What one person keeps, nobody else sees.
func TestFilesAreOnesOwn(t *testing.T) {
	tell(t, func(s *story) {
		alice, bob := s.as("alice"), s.as("bob")
		alice.mkdir("/papers").want(201)
		alice.put("/papers/x.txt", "hers").want(201)
		alice.sees("/papers", "x.txt")
		alice.reads("/papers/x.txt", "hers")
		bob.do("GET", alice.at("/papers/x.txt"), "").want(404)
		s.admin.do("GET", alice.at("/papers/x.txt"), "").want(404)
		bob.do("PUT", alice.at("/papers/y.txt"), "his").want(403)
		alice.move("/papers", "/old papers").want(201)
		alice.sees("/old papers", "x.txt")
		alice.remove("/old papers").want(204)
		alice.get("/old papers/x.txt").want(404)
	})
}
