package event

// ReminderDue tells that the time has come at which somebody wanted to be reminded
// of a file or folder, which they still see.
type ReminderDue struct {
	Node int64
	UID  string
	Due  int64 // Unix seconds
}

// EventName implements bus.Event.
func (ReminderDue) EventName() string { return "reminder.due" }
