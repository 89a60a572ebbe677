UPDATE token SET scope = '{"but":["files"]}' WHERE files = 0;
