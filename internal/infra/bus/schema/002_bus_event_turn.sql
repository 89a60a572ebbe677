CREATE INDEX bus_event_turn ON bus_event (turn, at, id);
