package play

import (
	"fmt"
	"strconv"
)

// Admins are told everything.
var Admins = []string{"U0ADMIN01", "U0ADMIN02"}

// names of the owners, by number from 1. Some hold another one's name.
var names = [][2]string{
	{"山田", "太郎"}, {"林", "太郎"}, {"小林", "太郎"}, {"鈴木", "花子"}, {"佐藤", "次郎"}, {"Smith", "Anna"}, {"髙橋", "一"}, {"李", "明"},
}

// Key is an access key ID by its number.
func Key(n int) string { return fmt.Sprintf("AKIASIM%013d", n) }

// User is the name of that key's IAM user.
func User(n int) string { return fmt.Sprintf("svc-%02d", n) }

// Owner is the Slack ID of an owner by their number.
func Owner(m int) string { return fmt.Sprintf("U0OWNER%03d", m) }

// Name is the full name of an owner.
func Name(m int) string { n := names[(m-1)%len(names)]; return n[0] + " " + n[1] }

// Owners is how many owners have a name of their own.
var Owners = len(names)

// numbers reads the first arguments as numbers.
func numbers(args []string, into ...*int) error {
	if len(args) < len(into) {
		return fmt.Errorf("want %d arguments, have %q", len(into), args)
	}
	for i, n := range into {
		v, err := strconv.Atoi(args[i])
		if err != nil {
			return fmt.Errorf("want a number: %w", err)
		}
		*n = v
	}
	return nil
}
