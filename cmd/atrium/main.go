// Command atrium is the server and its admin commands.
package main

import (
	"os"

	"atrium/internal/app"
)

// version is set by the build.
var version = "dev"

func main() { os.Exit(app.Main(os.Args[1:], version)) }
