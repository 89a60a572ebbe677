package signin

import (
	"strings"
	"testing"
)

func TestNamesOfDevices(t *testing.T) {
	for _, c := range [][3]string{
		{"Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0", "Firefox on Linux", formBrowser},
		{"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36 Edg/142.0.0.0", "Edge on Windows", formBrowser},
		{"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36", "Chrome on Windows", formBrowser},
		{"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Safari/605.1.15", "Safari on macOS", formBrowser},
		{"Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1", "Safari on iPhone", formBrowser},
		{"Mozilla/5.0 (Linux; Android 15; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Mobile Safari/537.36", "Chrome on Android", formBrowser},
		{"Mozilla/5.0 (Linux) mirall/3.16.0git (Nextcloud, ubuntu-6.8.0 ClientArchitecture: x86_64 OsArchitecture: x86_64)", "Sync client on Linux", formDesktop},
		{"Mozilla/5.0 (Windows) mirall/3.16.2 (Nextcloud)", "Sync client on Windows", formDesktop},
		{"Mozilla/5.0 (Android) Nextcloud-android/3.31.0", "Files app on Android", formPhone},
		{"Mozilla/5.0 (iOS) Nextcloud-iOS/6.5.0", "Files app on iPhone", formPhone},
		{"Mozilla/5.0 (Android) Nextcloud-Talk v21.0.0", "Talk app on Android", formPhone},
		{"DAVx5/4.4.5-ose (2025/01/01; dav4jvm; okhttp/4.12.0) Android/15", "DAVx⁵ on Android", formPhone},
		{"Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Thunderbird/140.0", "Thunderbird on Linux", formProgram},
		{"rclone/v1.60.1-DEV", "rclone", formProgram},
		{"WebDAVFS/3.0.0 (03008000) Darwin/22.6.0", "Finder on macOS", formDesktop},
		{"My old laptop", "My old laptop", formProgram},
		{"", "", formProgram},
	} {
		if name, form := called(c[0]); name != c[1] || form != c[2] {
			t.Errorf("%q is called %q (%s), want %q (%s)", c[0], name, form, c[1], c[2])
		}
	}
}

func FuzzCalled(f *testing.F) {
	f.Add("Mozilla/5.0 (Linux) mirall/3.16.0git")
	f.Add("Nextcloud-Notes (iOS")
	f.Fuzz(func(t *testing.T, agent string) {
		name, form := called(agent)
		if form == "" || name != agent && strings.Contains(name, "$") {
			t.Errorf("%q is called %q (%q)", agent, name, form)
		}
	})
}
