package tasks

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"atrium/internal/feature/exapps/exappstest"
	"atrium/internal/infra/db"
	"atrium/internal/proto/plug"
	"atrium/internal/proto/web/webtest"
)

const (
	providers = "/apps/app_api/api/v1/ai_provider/task_processing"
	taking    = "/taskprocessing/tasks_provider/"

	// As nc_py_api writes a provider, with all that it has.
	summarizer = `{"provider": {"id": "sum", "name": "Summarizer", "task_type": "core:text2text:summary", "expected_runtime": 30,
		"optional_input_shape": [{"name": "words", "description": "How many", "shape_type": 0}], "optional_output_shape": [],
		"input_shape_enum_values": {}, "input_shape_defaults": {}, "optional_input_shape_enum_values": {}, "optional_input_shape_defaults": {"words": 7},
		"output_shape_enum_values": {}, "optional_output_shape_enum_values": {}}}`
)

// each runs f with the room, in which the app has registered these providers.
func each(t *testing.T, f func(g *exappstest.Rig), bodies ...string) {
	t.Helper()
	exappstest.Each(t, []db.Schema{Schema}, func(g *exappstest.Rig) []plug.Room {
		rm := New(g.DB, g.Apps, g.Dir, g.Files)
		rm.Now = func() time.Time { return g.Now }
		return []plug.Room{rm}
	}, func(g *exappstest.Rig) {
		for _, b := range bodies {
			g.ByApp(200, "", "POST", providers, b)
		}
		f(g)
	})
}

// TestRecordedExchanges goes through 30-core/106 to 112: what a server without providers
// answers.
func TestRecordedExchanges(t *testing.T) {
	each(t, func(g *exappstest.Rig) {
		for _, e := range webtest.Load(g, "testdata") {
			e.Request.SetBasicAuth("olga", exappstest.Password)
			e.Compare(g, g.Serve(e.Request), webtest.Rules{})
		}
	})
}

// field reads data by the names on the way.
func field(v any, path ...string) any {
	for _, name := range path {
		m, _ := v.(map[string]any)
		v = m[name]
	}
	return v
}

func schedule(g *exappstest.Rig, uid, body string) string {
	g.Helper()
	t := field(g.By(200, uid, "POST", "/taskprocessing/schedule", body), "task")
	if field(t, "status") != "STATUS_SCHEDULED" || field(t, "userId") != uid || field(t, "output") != nil || field(t, "completionExpectedAt") == nil {
		g.Errorf("the task is %v", t)
	}
	return fmt.Sprint(int64(field(t, "id").(float64)))
}

func state(g *exappstest.Rig, uid, id string) (status, problem string) {
	g.Helper()
	t := field(g.By(200, uid, "GET", "/taskprocessing/task/"+id, ""), "task")
	status, _ = field(t, "status").(string)
	problem, _ = field(t, "userFacingErrorMessage").(string)
	return status, problem
}

const ask = `{"input": {"input": "a long text", "ignored": 1}, "type": "core:text2text:summary", "appId": "test", "customId": "c1"}`

func TestATaskIsDone(t *testing.T) {
	each(t, func(g *exappstest.Rig) {
		types := field(g.By(200, "olga", "GET", "/taskprocessing/tasktypes", ""), "types")
		if field(types, "core:text2text:summary", "inputShape", "input", "type") != "Text" ||
			field(types, "core:text2text:summary", "optionalInputShape", "words", "type") != "Number" || len(types.(map[string]any)) != 1 {
			g.Errorf("the types are %v", types)
		}
		id := schedule(g, "olga", ask)
		g.Drain()
		if got := g.App.Take("/trigger"); len(got) != 1 || got[0].URL.RawQuery != "providerId=sum" || got[0].Method != "POST" {
			g.Errorf("the app was triggered by %+v", got)
		}
		want := `{"providerIds": ["sum"], "taskTypeIds": ["core:text2text:summary"]}`
		g.ByApp(204, "", "GET", taking+"next", `{"providerIds": ["other"], "taskTypeIds": ["core:text2text:summary"]}`)
		got := g.ByApp(200, "", "GET", taking+"next", want)
		input, err := json.Marshal(field(got, "task", "input"))
		if string(input) != `{"input":"a long text","words":7}` || err != nil || field(got, "provider", "name") != "sum" || field(got, "task", "userId") != "olga" {
			g.Errorf("the app got %v", got)
		}
		g.ByApp(204, "", "GET", taking+"next", want) // it is given once

		got = g.ByApp(200, "", "POST", taking+id+"/progress", fmt.Sprintf(`{"taskId": %s, "progress": 0.25}`, id))
		if field(got, "task", "progress") != 0.25 || field(got, "task", "status") != "STATUS_RUNNING" {
			g.Errorf("after some progress: %v", got)
		}
		g.ByApp(400, "", "POST", taking+id+"/progress", `{"progress": 2}`)
		g.ByApp(200, "", "POST", taking+id+"/result", `{"output": {"output": "short", "other": 1}, "errorMessage": null, "userFacingErrorMessage": null}`)
		done := field(g.By(200, "olga", "GET", "/taskprocessing/task/"+id, ""), "task")
		if field(done, "status") != "STATUS_SUCCESSFUL" || fmt.Sprint(field(done, "output")) != "map[output:short]" || field(done, "endedAt") == nil || field(done, "progress") != 1. || field(done, "customId") != "c1" {
			g.Errorf("the task is %v", done)
		}
		g.ByApp(200, "", "POST", taking+id+"/result", `{"errorMessage": "too late"}`)
		if s, _ := state(g, "olga", id); s != "STATUS_SUCCESSFUL" {
			g.Errorf("a second result made it %s", s)
		}
		for path, n := range map[string]int{"tasks": 1, "tasks?taskType=core:audio2text": 0, "tasks?customId=c1": 1, "tasks/app/test": 1, "tasks/app/test?customId=c2": 0} {
			if all := field(g.By(200, "olga", "GET", "/taskprocessing/"+path, ""), "tasks").([]any); len(all) != n {
				g.Errorf("%s lists %v", path, all)
			}
		}
		g.By(200, "olga", "DELETE", "/taskprocessing/task/"+id, "")
		g.By(404, "olga", "GET", "/taskprocessing/task/"+id, "")
	}, summarizer)
}

func TestTasksAreTheirOwners(t *testing.T) {
	each(t, func(g *exappstest.Rig) {
		id := schedule(g, "olga", ask)
		g.By(404, "otto", "GET", "/taskprocessing/task/"+id, "")
		g.By(404, "otto", "POST", "/taskprocessing/tasks/"+id+"/cancel", "")
		g.By(200, "otto", "DELETE", "/taskprocessing/task/"+id, "")
		if s, _ := state(g, "olga", id); s != "STATUS_SCHEDULED" {
			g.Errorf("it is %s", s)
		}
		g.ByApp(404, "", "POST", taking+id+"/result", `{"output": {"output": "x"}}`) // it was not taken
		for _, path := range []string{"next", "next_batch"} {
			g.By(401, "olga", "GET", taking+path, "")
		}
		g.Must(g.Dir.Remove(g.Context(), "olga"))
		g.ByApp(204, "", "GET", taking+"next", "")
	}, summarizer)
}

func TestACancelledTask(t *testing.T) {
	each(t, func(g *exappstest.Rig) {
		waits, runs := schedule(g, "olga", ask), ""
		g.By(200, "olga", "POST", "/taskprocessing/tasks/"+waits+"/cancel", "")
		g.ByApp(204, "", "GET", taking+"next", "")
		runs = schedule(g, "olga", ask)
		g.ByApp(200, "", "GET", taking+"next", "")
		g.By(200, "olga", "POST", "/taskprocessing/tasks/"+runs+"/cancel", "")
		got := g.ByApp(200, "", "POST", taking+runs+"/progress", `{"progress": 0.5}`)
		if field(got, "task", "status") != "STATUS_CANCELLED" {
			g.Errorf("the app does not see it: %v", got)
		}
		g.ByApp(200, "", "POST", taking+runs+"/result", `{"output": {"output": "x"}}`)
		if s, _ := state(g, "olga", runs); s != "STATUS_CANCELLED" {
			g.Errorf("it is %s", s)
		}
	}, summarizer)
}

func TestManyAtOnce(t *testing.T) {
	each(t, func(g *exappstest.Rig) {
		for range 3 {
			schedule(g, "olga", ask)
		}
		batch := `{"providerIds": ["sum"], "taskTypeIds": ["core:text2text:summary"], "numberOfTasks": 2}`
		got := g.ByApp(200, "", "GET", taking+"next_batch", batch)
		first := field(got, "tasks").([]any)
		if len(first) != 2 || field(got, "has_more") != true || field(first[0], "provider") != "sum" {
			g.Errorf("first %v", got)
		}
		got = g.ByApp(200, "", "GET", taking+"next_batch", batch)
		if len(field(got, "tasks").([]any)) != 1 || field(got, "has_more") != false {
			g.Errorf("then %v", got)
		}
		for range maxOpen - 3 {
			schedule(g, "olga", ask)
		}
		g.By(429, "olga", "POST", "/taskprocessing/schedule", ask)
		schedule(g, "otto", ask)
	}, summarizer)
}

// However many ask at once, each task is given to one of them.
func TestATaskIsGivenOnce(t *testing.T) {
	each(t, func(g *exappstest.Rig) {
		const n = 12
		for range n {
			schedule(g, "olga", ask)
		}
		var wg sync.WaitGroup
		ids := make(chan any, 2*n)
		for range 2 * n {
			wg.Go(func() {
				r := exappstest.Request("GET", taking+"next", "")
				r.Header.Set("AUTHORIZATION-APP-API", "OmNhcHR1cmUtc2VjcmV0LTE=")
				r.Header.Set("EX-APP-ID", exappstest.ID)
				r.Header.Set("EX-APP-VERSION", "1.0.0")
				var doc struct{ OCS struct{ Data any } }
				if w := g.Serve(r); w.Code == 200 && json.Unmarshal(w.Body.Bytes(), &doc) == nil {
					ids <- field(doc.OCS.Data, "task", "id")
				}
			})
		}
		wg.Wait()
		close(ids)
		seen := map[any]bool{}
		for id := range ids {
			if seen[id] {
				g.Errorf("%v was given twice", id)
			}
			seen[id] = true
		}
		if len(seen) != n {
			g.Errorf("%d of %d were given", len(seen), n)
		}
	}, summarizer)
}

func TestInputsThatDoNotFit(t *testing.T) {
	const translator = `{"provider": {"id": "tr", "name": "T", "task_type": "core:text2text:translate", "input_shape_enum_values":
		{"origin_language": [{"name": "German", "value": "de"}], "target_language": [{"name": "French", "value": "fr"}]}}}`
	each(t, func(g *exappstest.Rig) {
		try := func(want int, kind, input string) {
			g.Helper()
			g.By(want, "olga", "POST", "/taskprocessing/schedule", fmt.Sprintf(`{"type": %q, "appId": "t", "input": %s}`, kind, input))
		}
		try(400, "core:text2text:summary", `{}`)
		try(400, "core:text2text:summary", `{"input": 7}`)
		try(400, "core:text2text:summary", `{"input": "x", "words": "many"}`)
		try(400, "core:text2text:summary", `"x"`)
		try(400, "core:text2text:summary", `"null"`)
		try(412, "core:text2text", `{"input": "x"}`)
		try(400, "core:text2text:translate", `{"input": "x", "origin_language": "de", "target_language": "xx"}`)
		try(200, "core:text2text:translate", `{"input": "x", "origin_language": "de", "target_language": "fr"}`)
		try(400, "core:text2text:summary", `{"input": "`+strings.Repeat("x", maxInput)+`"}`)
	}, summarizer, translator)
}

// What an app hears is a file that the person may read, and no other.
func TestARecordingIsTranscribed(t *testing.T) {
	each(t, func(g *exappstest.Rig) {
		id, other := g.Put("olga", "/talk.mp3", "sound"), g.Put("olga", "/secret.txt", "x")
		body := fmt.Sprintf(`{"type": "core:audio2text", "appId": "t", "input": {"input": %d}}`, id)
		g.By(401, "otto", "POST", "/taskprocessing/schedule", body)
		n := schedule(g, "olga", body)
		get := func(file int64) (int, string) {
			r := exappstest.Request("GET", fmt.Sprintf("%s%s/file/%d", taking, n, file), "")
			r.Header.Set("AUTHORIZATION-APP-API", "OmNhcHR1cmUtc2VjcmV0LTE=")
			r.Header.Set("EX-APP-ID", exappstest.ID)
			r.Header.Set("EX-APP-VERSION", "1.0.0")
			w := g.Serve(r)
			return w.Code, w.Body.String()
		}
		if status, _ := get(id); status != http.StatusNotFound {
			g.Errorf("before it is taken: %d", status)
		}
		g.ByApp(200, "", "GET", taking+"next", "")
		if status, text := get(id); status != 200 || text != "sound" {
			g.Errorf("the recording: %d %s", status, text)
		}
		if status, _ := get(other); status != http.StatusNotFound {
			g.Errorf("another file: %d", status)
		}
		g.ByApp(200, "", "POST", taking+n+"/result", `{"output": {"output": "hello"}}`)
		if status, _ := get(id); status != http.StatusNotFound {
			g.Errorf("when it is done: %d", status)
		}
	}, `{"provider": {"id": "stt", "name": "Ear", "task_type": "core:audio2text"}}`)
}

func TestTasksFailWithAReason(t *testing.T) {
	each(t, func(g *exappstest.Rig) {
		take := func(result string) string {
			id := schedule(g, "olga", ask)
			g.ByApp(200, "", "GET", taking+"next", "")
			if result != "" {
				g.ByApp(200, "", "POST", taking+id+"/result", result)
			}
			return id
		}
		failed := func(id, want string) {
			g.Helper()
			if s, problem := state(g, "olga", id); s != "STATUS_FAILED" || problem != want {
				g.Errorf("it is %s: %q, want %q", s, problem, want)
			}
		}
		failed(take(`{"errorMessage": "CUDA out of memory"}`), "The app could not do this.")
		failed(take(`{"errorMessage": "\u0000x", "userFacingErrorMessage": "Too\u0000 long for me"}`), "Too long for me")
		failed(take(`{"output": {"text": "x"}}`), "What the app answered cannot be used.")
		failed(take(`{"output": "x"}`), "What the app answered cannot be used.")

		silent, waits := take(""), schedule(g, "olga", ask)
		g.Now = g.Now.Add(2 * time.Hour)
		g.Drain()
		failed(silent, "The app did not finish this.")
		g.Now = g.Now.Add(23 * time.Hour)
		g.Drain()
		failed(waits, "No app had time for this within a day.")

		taken, waits := take(""), schedule(g, "olga", ask)
		g.Must(g.Apps.Disable(g.Context(), exappstest.ID))
		g.Now = g.Now.Add(2 * time.Minute)
		g.Drain()
		failed(taken, "The app that does this is no longer here.")
		failed(waits, "The app that does this is no longer here.")
		g.By(412, "olga", "POST", "/taskprocessing/schedule", ask)

		g.Now = g.Now.Add(40 * 24 * time.Hour)
		g.Drain()
		if all := field(g.By(200, "olga", "GET", "/taskprocessing/tasks", ""), "tasks").([]any); len(all) != 0 {
			g.Errorf("after 40 days there are %v", all)
		}
	}, summarizer)
}

func TestProviders(t *testing.T) {
	each(t, func(g *exappstest.Rig) {
		for _, body := range []string{`{}`, `{"provider": {"id": "", "name": "x", "task_type": "t"}}`, `{"provider": {"id": "a", "name": "x", "task_type": "t", "expected_runtime": -1}}`,
			`{"provider": {"id": "a", "name": "x", "task_type": "t"}, "customTaskType": {"id": "u", "name": "U", "output_shape": []}}`,
			`{"provider": {"id": "a", "name": "x", "task_type": "t", "optional_input_shape": [{"name": "n", "shape_type": 9}]}}`} {
			g.ByApp(400, "", "POST", providers, body)
		}
		// A type of the app's own, one that nobody knows, and one whose results are files.
		g.ByApp(200, "", "POST", providers, `{"provider": {"id": "own", "name": "Own", "task_type": "my:rhyme"}, "customTaskType": {"id": "my:rhyme", "name": "Rhyme",
			"description": "Finds rhymes", "input_shape": [{"name": "word", "description": "A word", "shape_type": 1}], "output_shape": [{"name": "rhymes", "description": "", "shape_type": 11}]}}`)
		g.ByApp(200, "", "POST", providers, `{"provider": {"id": "new", "name": "New", "task_type": "core:text2text:chat"}}`)
		g.ByApp(200, "", "POST", providers, `{"provider": {"id": "pic", "name": "Pic", "task_type": "my:paint"}, "customTaskType": {"id": "my:paint", "name": "Paint",
			"description": "", "input_shape": [], "output_shape": [{"name": "images", "description": "", "shape_type": 12}]}}`)
		types := field(g.By(200, "olga", "GET", "/taskprocessing/tasktypes", ""), "types").(map[string]any)
		if len(types) != 1 || field(types, "my:rhyme", "outputShape", "rhymes", "type") != "ListOfTexts" {
			g.Errorf("the types are %v", types)
		}
		if p := g.ByApp(200, "", "GET", providers+"?name=own", ""); field(p, "display_name") != "Own" || field(p, "task_type") != "my:rhyme" || field(p, "app_id") != exappstest.ID {
			g.Errorf("the provider is %v", p)
		}
		if all := g.ByApp(200, "", "GET", providers, "").([]any); len(all) != 3 {
			g.Errorf("the providers are %v", all)
		}
		id := schedule(g, "olga", `{"type": "my:rhyme", "appId": "t", "input": {"word": "cat"}}`)
		g.ByApp(200, "", "GET", taking+"next", `{"providerIds": ["own"], "taskTypeIds": ["my:rhyme"]}`)
		g.ByApp(200, "", "POST", taking+id+"/result", `{"output": {"rhymes": ["hat", "mat"]}}`)
		if s, problem := state(g, "olga", id); s != "STATUS_SUCCESSFUL" {
			g.Errorf("it is %s %s", s, problem)
		}
		g.ByApp(200, "", "DELETE", providers+"?name=own", "")
		g.ByApp(404, "", "DELETE", providers+"?name=own", "")
		g.By(401, "olga", "POST", providers, summarizer)
	})
}

func TestProvidersOfBefore(t *testing.T) {
	const root = "/apps/app_api/api/v1/ai_provider/"
	each(t, func(g *exappstest.Rig) {
		for path, c := range map[string][2]string{
			"text_processing": {`{"name": "p", "displayName": "P", "actionHandler": "/do", "taskType": "summary"}`, `{"name": "p", "displayName": "P", "actionHandler": "/do", "taskType": "magic"}`},
			"translation": {`{"name": "p", "displayName": "P", "actionHandler": "/do", "fromLanguages": {"de": "German"}, "toLanguages": {"fr": "French"}}`,
				`{"name": "p", "displayName": "P", "actionHandler": "/do"}`},
			"speech_to_text": {`{"name": "p", "displayName": "P", "actionHandler": "/do"}`, `{"name": "p", "displayName": "P"}`},
		} {
			g.ByApp(200, "", "POST", root+path, c[0])
			g.ByApp(400, "", "POST", root+path, c[1])
			if p := g.ByApp(200, "", "GET", root+path+"?name=p", ""); field(p, "display_name") != "P" || field(p, "action_handler") != "/do" {
				g.Errorf("%s: %v", path, p)
			}
			g.ByApp(404, "", "GET", root+path+"?name=q", "")
			g.ByApp(200, "", "DELETE", root+path, `{"name": "p"}`)
			g.ByApp(404, "", "DELETE", root+path, `{"name": "p"}`)
		}
	})
}

func FuzzProvider(f *testing.F) {
	f.Add(`{"id": "a", "name": "b", "task_type": "c", "input_shape_defaults": []}`, `{"id": "c", "name": "d", "output_shape": [{"name": "o", "shape_type": 1}]}`, `{"o": "x"}`)
	f.Add(summarizer, "null", "{}")
	f.Fuzz(func(t *testing.T, said, brought, input string) {
		p, err := parseProvider(said, brought)
		if err != nil {
			return
		}
		if p.ID == "" || p.Type == "" {
			t.Errorf("%+v passes", p)
		}
		if p.custom == nil {
			return
		}
		var given values
		if json.Unmarshal([]byte(input), &given) != nil {
			return
		}
		kept, err := hold(given, shapeOf(p.custom.Output), shapeOf(p.Optional))
		if err == nil {
			if _, err := json.Marshal(kept); err != nil {
				t.Errorf("%q is kept, and is no JSON: %v", input, err)
			}
		}
	})
}
