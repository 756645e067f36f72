package sheet

import (
	"fmt"
	"slices"

	"github.com/keylease/keylease/api/v1alpha1"
)

// Column of a tab, by its name in the spec.
type Column struct {
	Name   string
	Letter v1alpha1.ColumnLetter
	// alone: no other column may have the same letter. Texts that only inform people may share one.
	alone bool
}

// RequestColumns lists the configured columns of the requests tab.
func RequestColumns(c v1alpha1.RequestColumns) []Column {
	return configured(
		Column{"accessKeyID", c.AccessKeyID, true}, Column{"userName", c.UserName, true}, Column{"status", c.Status, true},
		Column{"endDate", c.EndDate, true}, Column{"accountID", c.AccountID, true},
		Column{"fullName", c.FullName, false}, Column{"purpose", c.Purpose, false},
		Column{"resource", c.Resource, false}, Column{"startDate", c.StartDate, false})
}

// UserColumns lists the configured columns of the users tab.
func UserColumns(c v1alpha1.UserColumns) []Column {
	return configured(Column{"slackUserID", c.SlackUserID, false}, Column{"lastName", c.LastName, false}, Column{"firstName", c.FirstName, false})
}

func configured(all ...Column) []Column {
	return slices.DeleteFunc(all, func(c Column) bool { return ColumnIndex(c.Letter) < 0 })
}

// CheckColumns refuses one column for two purposes. A mark would be written over a key ID, or a key ID taken for a
// user.
func CheckColumns(c v1alpha1.RequestColumns) error {
	columns := RequestColumns(c)
	for i, a := range columns {
		for _, b := range columns[i+1:] {
			if a.alone && a.Letter == b.Letter {
				return fmt.Errorf("spec.requests.columns: %s and %s are both column %s: %s needs a column of its own", a.Name, b.Name, a.Letter, a.Name)
			}
		}
	}
	return nil
}
