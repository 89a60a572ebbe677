CREATE INDEX kerberos_used_until ON kerberos_used (until);
