package mem_test

import (
	"testing"

	"deskward/core"
	"deskward/store/mem"
	"deskward/store/storetest"
)

func TestStoreInMemoryConforms(t *testing.T) {
	storetest.Run(t, func(*testing.T) core.Store { return mem.New() })
}
