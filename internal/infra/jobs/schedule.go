package jobs

import (
	"errors"
	"strings"
	"time"
)

// schedule tells when something is to be done again.
type schedule struct {
	text  string
	every time.Duration // 0: at a time of the day
	days  [7]bool       // Sunday first
	clock time.Duration // since midnight
}

var errSchedule = errors.New(`a schedule is "@every 5m", "daily 03:00" or "weekly Sun 03:00"`)

// ParseSchedule tells the next time after now at which a schedule is due, in
// now's time zone. Schedules are
//
//	@every 5m          so long after the last run, a second at least
//	daily 03:00        every day
//	weekly Sun 03:00   on one or more days: weekly Mon,Wed,Fri 03:00
func ParseSchedule(text string, now time.Time) (time.Time, error) {
	s, err := parseSchedule(text)
	if err != nil {
		return time.Time{}, err
	}
	return s.next(now), nil
}

func parseSchedule(text string) (*schedule, error) {
	f := strings.Fields(text)
	s := &schedule{text: text}
	switch {
	case len(f) == 2 && f[0] == "@every":
		d, err := time.ParseDuration(f[1])
		if err != nil || d < time.Second || d > 366*24*time.Hour {
			return nil, errSchedule
		}
		s.every = d
		return s, nil
	case len(f) == 2 && f[0] == "daily":
		s.days = [7]bool{true, true, true, true, true, true, true}
	case len(f) == 3 && f[0] == "weekly":
		for name := range strings.SplitSeq(f[1], ",") {
			day, ok := weekday(name)
			if !ok {
				return nil, errSchedule
			}
			s.days[day] = true
		}
	default:
		return nil, errSchedule
	}
	t, err := time.Parse("15:04", f[len(f)-1])
	if err != nil {
		return nil, errSchedule
	}
	s.clock = time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute
	return s, nil
}

func weekday(name string) (time.Weekday, bool) {
	for d := time.Sunday; d <= time.Saturday; d++ {
		if strings.EqualFold(name, d.String()[:3]) {
			return d, true
		}
	}
	return 0, false
}

// next is the first time after now. An hour that the clocks skip comes when
// they have been put forward.
func (s *schedule) next(now time.Time) time.Time {
	if s.every > 0 {
		return now.Add(s.every)
	}
	for ahead := 0; ; ahead++ {
		t := time.Date(now.Year(), now.Month(), now.Day()+ahead, int(s.clock.Hours()), int(s.clock.Minutes())%60, 0, 0, now.Location())
		if t.After(now) && s.days[t.Weekday()] {
			return t
		}
	}
}
