package passwords

import "atrium/internal/proto/plug"

// offered are the settings that rules reads, but for those that name files of the
// server.
func offered() []plug.Setting {
	number := func(name, def string, most int64) plug.Setting {
		return plug.Setting{App: app, Name: name, Kind: plug.SettingNumber, Default: def, Max: most}
	}
	truth := func(name, def string) plug.Setting {
		return plug.Setting{App: app, Name: name, Kind: plug.SettingOne, Default: def}
	}
	return []plug.Setting{number("minLength", "10", 400), truth("enforceNonCommonPassword", "1"), truth("enforceNumericCharacters", "0"),
		truth("enforceSpecialCharacters", "0"), truth("enforceUpperLowerCase", "0"), number("historySize", "0", 400), number("expiration", "0", 3650),
		number("maximumLoginAttempts", "0", 400), number("lockoutMinutes", "30", 100_000)}
}
