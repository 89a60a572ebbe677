CREATE INDEX notice_pref_due ON notice_pref (due);
