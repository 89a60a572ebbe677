INSERT INTO bus_turn (name, turn) VALUES ('turn', 0) {{on name ignore}};
