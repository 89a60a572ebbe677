package main

import (
	"strings"
	"testing"
)

const fine = "<- summary for `basic': of 16 tests run: 16 passed, 0 failed. 100.0%\n" +
	"<- summary for `copymove': of 13 tests run: 13 passed, 0 failed. 100.0%\n" +
	"<- summary for `props': of 30 tests run: 30 passed, 0 failed. 100.0%\n" +
	"<- summary for `locks': of 41 tests run: 41 passed, 0 failed. 100.0%\n" +
	"<- summary for `http': of 4 tests run: 4 passed, 0 failed. 100.0%\n"

func TestJudgeLitmus(t *testing.T) {
	if err := judgeLitmus(fine); err != nil {
		t.Error(err)
	}
	for out, words := range map[string]string{
		strings.Replace(fine, "13 passed, 0", "12 passed, 1", 1):     "copymove",
		fine + " 6. delete_fragment....... WARNING: odd\n":           "odd",
		fine + " 9. delete_null........... FAIL (not 404)\n":         "FAIL (not 404)",
		"<- summary for `basic': of 1 tests run: 1 passed, 0 failed": "only 1 of 5",
	} {
		if err := judgeLitmus(out); err == nil || !strings.Contains(err.Error(), words) {
			t.Errorf("got %v, want something with %q", err, words)
		}
	}
}
