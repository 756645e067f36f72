package iam

import (
	"strings"
	"time"
)

// mfaDevice is a device enabled for a user, virtual or of hardware.
type mfaDevice struct {
	serial  string
	enabled time.Time
}

// virtualMFA is a virtual device: it exists, and keeps its name, whether or not
// it is enabled for anybody.
type virtualMFA struct {
	serial  string // its ARN
	owner   *user  // nil: not assigned
	enabled time.Time
}

func mfaOperations() map[string]operation {
	deviceName := param{name: "VirtualMFADeviceName", min: 1, max: 226, pattern: nameChars}
	code1 := param{name: "AuthenticationCode1", min: 6, max: 6, pattern: digits}
	code2 := param{name: "AuthenticationCode2", min: 6, max: 6, pattern: digits}
	assignment := param{name: "AssignmentStatus", oneOf: []string{"Assigned", "Unassigned", "Any"}}
	return map[string]operation{
		"ListMFADevices":         {params: paged(userName), resource: onUser, run: listMFADevices},
		"EnableMFADevice":        {params: must(userName, serialNumber, code1, code2), resource: onUser, run: enableMFADevice},
		"DeactivateMFADevice":    {params: append(must(serialNumber), userName), resource: onUser, run: deactivateMFADevice},
		"CreateVirtualMFADevice": {params: append(must(deviceName), pathParam), resource: onNewDevice, run: createVirtualMFADevice},
		"DeleteVirtualMFADevice": {params: must(serialNumber), resource: onDevice, run: deleteVirtualMFADevice},
		"ListVirtualMFADevices":  {params: paged(assignment), resource: anyResource, run: listVirtualMFADevices},
	}
}

func onDevice(r *request) string { return r.get("SerialNumber") }

func onNewDevice(r *request) string {
	return r.account.arn("mfa" + r.getOr("Path", "/") + r.get("VirtualMFADeviceName"))
}

func listMFADevices(r *request) (any, error) {
	found, err := r.seenUser()
	if err != nil {
		return nil, err
	}
	devices, tail, err := paginate(r, found.devices.listSeen(r.now), func(d mfaDevice) string { return d.serial })
	if err != nil {
		return nil, err
	}
	type element struct{ UserName, SerialNumber, EnableDate string }
	return struct {
		MFADevices members[element]
		page
	}{membersOf(devices, func(d mfaDevice) element {
		return element{UserName: found.name, SerialNumber: d.serial, EnableDate: stamp(d.enabled)}
	}), tail}, nil
}

// enableMFADevice takes any two different codes: the seed is not kept. A serial
// number that is an ARN must be that of an unassigned virtual device.
func enableMFADevice(r *request) (any, error) {
	found, err := r.user()
	if err != nil {
		return nil, err
	}
	serial := r.get("SerialNumber")
	if r.get("AuthenticationCode1") == r.get("AuthenticationCode2") {
		return nil, fail("InvalidAuthenticationCode", "Authentication code for device is not valid.")
	}
	if found.devices.len() >= devicesPerUser {
		return nil, limitExceeded("MFADevicesPerUser", devicesPerUser)
	}
	if r.serialInUse(serial) {
		return nil, alreadyExists("MFADevice entity at the same path and name already exists.")
	}
	if strings.HasPrefix(serial, "arn:") {
		if _, ok := r.account.devices.get(serial); !ok {
			return nil, noSuchEntity("VirtualMFADevice with serial number %s doesn't exist.", serial)
		}
		r.account.devices.put(serial, &virtualMFA{serial: serial, owner: found, enabled: r.date()})
	}
	found.devices.put(serial, mfaDevice{serial: serial, enabled: r.date()})
	return nil, nil
}

func (r *request) serialInUse(serial string) bool {
	for _, u := range r.account.users.list() {
		if _, ok := u.devices.get(serial); ok {
			return true
		}
	}
	return false
}

// deactivateMFADevice leaves a virtual device in existence, and so its name
// taken.
func deactivateMFADevice(r *request) (any, error) {
	found, err := r.user()
	if err != nil {
		return nil, err
	}
	serial := r.get("SerialNumber")
	if _, ok := found.devices.get(serial); !ok {
		return nil, noSuchEntity("MFA Device invalid for user.")
	}
	found.devices.remove(serial, r.lagged())
	if _, virtual := r.account.devices.get(serial); virtual {
		r.account.devices.replace(serial, &virtualMFA{serial: serial}, r.lagged())
	}
	return nil, nil
}

type xmlVirtualMFA struct {
	SerialNumber     string
	Base32StringSeed string   `xml:",omitempty"`
	QRCodePNG        string   `xml:",omitempty"`
	User             *xmlUser `xml:"User"`
	EnableDate       string   `xml:",omitempty"`
}

func createVirtualMFADevice(r *request) (any, error) {
	serial := onNewDevice(r)
	if r.account.devices.hasFold(serial) {
		return nil, alreadyExists("MFADevice entity at the same path and name already exists.")
	}
	r.account.devices.put(serial, &virtualMFA{serial: serial})
	return struct{ VirtualMFADevice xmlVirtualMFA }{xmlVirtualMFA{
		SerialNumber:     serial,
		Base32StringSeed: "RU1VTEFUT1I=", // base64 of nothing that is ever checked
		QRCodePNG:        "RU1VTEFUT1I=",
	}}, nil
}

func deleteVirtualMFADevice(r *request) (any, error) {
	serial := r.get("SerialNumber")
	found, ok := r.account.devices.get(serial)
	switch {
	case !ok:
		return nil, noSuchEntity("VirtualMFADevice with serial number %s doesn't exist.", serial)
	case found.owner != nil:
		return nil, deleteConflict("MFA VirtualDevice in use. Must deactivate first.")
	}
	r.account.devices.remove(serial, r.lagged())
	return nil, nil
}

func listVirtualMFADevices(r *request) (any, error) {
	wanted := r.getOr("AssignmentStatus", "Any")
	var devices []*virtualMFA
	for _, d := range r.account.devices.listSeen(r.now) {
		if wanted == "Any" || (wanted == "Assigned") == (d.owner != nil) {
			devices = append(devices, d)
		}
	}
	devices, tail, err := paginate(r, devices, func(d *virtualMFA) string { return d.serial })
	if err != nil {
		return nil, err
	}
	return struct {
		VirtualMFADevices members[xmlVirtualMFA]
		page
	}{membersOf(devices, func(d *virtualMFA) xmlVirtualMFA {
		out := xmlVirtualMFA{SerialNumber: d.serial, EnableDate: stamp(d.enabled)}
		if d.owner != nil {
			owner := d.owner.brief()
			out.User = &owner
		}
		return out
	}), tail}, nil
}
