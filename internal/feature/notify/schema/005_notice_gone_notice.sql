CREATE INDEX notice_gone_notice ON notice_gone (notice);
