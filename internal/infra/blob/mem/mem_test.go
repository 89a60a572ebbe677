package mem_test

import (
	"testing"

	"atrium/internal/infra/blob"
	"atrium/internal/infra/blob/blobtest"
	"atrium/internal/infra/blob/mem"
)

func TestConformance(t *testing.T) {
	blobtest.Run(t, func(*testing.T) blob.Driver { return mem.New() })
}
