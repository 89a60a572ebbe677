package scope

import "testing"

// What the scopes of listeners and providers open, and what they do not.
func TestScopesOfListenersAndProviders(t *testing.T) {
	for _, c := range []struct {
		scope, method, path string
		ok, alone           bool
	}{
		{"EVENTS_LISTENER", "POST", "/ocs/v2.php/apps/app_api/api/v1/events_listener", true, true},
		{"EVENTS_LISTENER", "POST", "/ocs/v2.php/apps/app_api/api/v1/ai_provider/task_processing", false, false},
		{"AI_PROVIDERS", "POST", "/ocs/v1.php/apps/app_api/api/v1/ai_provider/task_processing", true, true},
		{"AI_PROVIDERS", "GET", "/ocs/v2.php/taskprocessing/tasks_provider/next", true, true},
		{"AI_PROVIDERS", "POST", "/ocs/v2.php/taskprocessing/schedule", false, false},
		{"TEXT_PROCESSING", "POST", "/ocs/v2.php/taskprocessing/schedule", true, false},
		{"TEXT_PROCESSING", "GET", "/index.php/ocs/v2.php/taskprocessing/tasks/app/x", true, false},
		{"TEXT_PROCESSING", "GET", "/ocs/v2.php/taskprocessing/tasks_provider/next", false, false},
		{"MACHINE_TRANSLATION", "GET", "/ocs/v2.php/taskprocessing/tasktypes", true, false},
		{Basic, "POST", "/ocs/v2.php/apps/app_api/api/v1/events_listener", false, false},
		{Basic, "POST", "/ocs/v2.php/apps/app_api/api/v1/files/action", false, false},
		{All, "POST", "/ocs/v2.php/apps/app_api/api/v1/events_listener", true, false},
	} {
		if ok, alone := Reach([]string{c.scope}, c.method, c.path); ok != c.ok || alone != c.alone {
			t.Errorf("%s opens %s %s: %t, alone %t", c.scope, c.method, c.path, ok, alone)
		}
	}
	for n, name := range map[int]string{61: "AI_PROVIDERS", 62: "EVENTS_LISTENER", 200: "TEXT_PROCESSING", 210: "MACHINE_TRANSLATION"} {
		if got, ok := Numbered(n); !ok || got != name || Check([]string{got}) != nil {
			t.Errorf("%d is %q", n, got)
		}
	}
}
