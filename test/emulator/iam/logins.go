package iam

import "time"

// loginProfile is a console password (which is not kept).
type loginProfile struct {
	created       time.Time
	resetRequired bool
}

// loginKey is the one key under which a user's login profile is kept.
const loginKey = "login"

func loginOperations() map[string]operation {
	password := param{name: "Password", min: 1, max: 128}
	return map[string]operation{
		"GetLoginProfile":    {params: []param{userName}, resource: onUser, run: getLoginProfile},
		"CreateLoginProfile": {params: append(must(password), userName), resource: onUser, run: createLoginProfile},
		"DeleteLoginProfile": {params: []param{userName}, resource: onUser, run: deleteLoginProfile},
	}
}

type loginResult struct {
	LoginProfile struct {
		UserName              string
		CreateDate            string
		PasswordResetRequired bool
	}
}

func (u *user) loginElement(l loginProfile) loginResult {
	var out loginResult
	out.LoginProfile.UserName = u.name
	out.LoginProfile.CreateDate = stamp(l.created)
	out.LoginProfile.PasswordResetRequired = l.resetRequired
	return out
}

func getLoginProfile(r *request) (any, error) {
	found, err := r.seenUser()
	if err != nil {
		return nil, err
	}
	login, ok := found.login.seen(loginKey, r.now)
	if !ok {
		return nil, noSuchEntity("Login Profile for User %s cannot be found.", found.name)
	}
	return found.loginElement(login), nil
}

func createLoginProfile(r *request) (any, error) {
	found, err := r.user()
	if err != nil {
		return nil, err
	}
	if found.login.len() > 0 {
		return nil, alreadyExists("Login Profile for user %s already exists.", found.name)
	}
	login := loginProfile{created: r.date(), resetRequired: r.get("PasswordResetRequired") == "true"}
	found.login.put(loginKey, login)
	return found.loginElement(login), nil
}

func deleteLoginProfile(r *request) (any, error) {
	found, err := r.user()
	if err != nil {
		return nil, err
	}
	if found.login.len() == 0 {
		return nil, noSuchEntity("Login Profile for User %s cannot be found.", found.name)
	}
	found.login.remove(loginKey, r.lagged())
	return nil, nil
}
