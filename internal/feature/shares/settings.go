package shares

import "atrium/internal/proto/plug"

// offered are the settings that Policy reads, with what holds without them.
func offered() []plug.Setting {
	out := []plug.Setting{}
	add := func(kind plug.SettingKind, name, def string) {
		out = append(out, plug.Setting{App: "core", Name: "shareapi_" + name, Kind: kind, Default: def})
	}
	for _, on := range []string{"enabled", "allow_resharing", "allow_group_sharing", "auto_accept_share", "allow_links", "allow_public_upload",
		"allow_share_dialog_user_enumeration", "restrict_user_enumeration_full_match"} {
		add(plug.SettingYes, on, "yes")
	}
	for _, off := range []string{"allow_custom_tokens", "enable_link_password_by_default", "enforce_links_password", "only_share_with_group_members",
		"restrict_user_enumeration_to_group", "default_internal_expire_date", "enforce_internal_expire_date", "default_expire_date", "enforce_expire_date"} {
		add(plug.SettingYes, off, "no")
	}
	for _, list := range []string{"exclude_groups_list", "allow_links_exclude_groups", "enforce_links_password_excluded_groups",
		"only_share_with_group_members_exclude_group_list"} {
		add(plug.SettingGroups, list, "[]")
	}
	number := func(name, def string, least, most int64) {
		out = append(out, plug.Setting{App: "core", Name: "shareapi_" + name, Kind: plug.SettingNumber, Default: def, Min: least, Max: most})
	}
	number("internal_expire_after_n_days", "7", 1, 3650)
	number("expire_after_n_days", "7", 1, 3650)
	number("default_permissions", "31", 1, 31)
	return append(out, plug.Setting{App: "core", Name: "shareapi_exclude_groups", Kind: plug.SettingChoice, Default: "no", OneOf: []string{"no", "yes", "allow"}})
}
