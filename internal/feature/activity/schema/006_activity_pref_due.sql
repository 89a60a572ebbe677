CREATE INDEX activity_pref_due ON activity_pref (due);
