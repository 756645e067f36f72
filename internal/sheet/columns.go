package sheet

import (
	"fmt"

	"github.com/keylease/keylease/api/v1alpha1"
)

// CheckColumns refuses a column that is to be two things: a mark would be written over a key ID, or a key ID be taken
// for a user. Texts that only inform people may share one.
func CheckColumns(c v1alpha1.RequestColumns) error {
	columns := []struct {
		name   string
		letter v1alpha1.ColumnLetter
		alone  bool
	}{
		{"accessKeyID", c.AccessKeyID, true}, {"userName", c.UserName, true}, {"status", c.Status, true},
		{"endDate", c.EndDate, true}, {"accountID", c.AccountID, true},
		{"fullName", c.FullName, false}, {"purpose", c.Purpose, false}, {"resource", c.Resource, false}, {"startDate", c.StartDate, false},
	}
	for i, a := range columns {
		for _, b := range columns[i+1:] {
			if a.alone && a.letter == b.letter && a.letter != "" {
				return fmt.Errorf("spec.requests.columns: %s and %s are both column %s: %s needs a column of its own", a.name, b.name, a.letter, a.name)
			}
		}
	}
	return nil
}
