package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/leadglass/leadglass"
	"github.com/leadglass/leadglass/internal/ca"
	"github.com/leadglass/leadglass/internal/identity"
	"github.com/leadglass/leadglass/internal/regular"
)

func deviceCommand(t *tui) *cobra.Command {
	c := &archiveConfig{}
	cmd := &cobra.Command{
		Use: "device", Short: "Say which machines may come in, and as what",
		Long: "Devices: modalities, workstations, routers. A device is the key of its certificate, and its titles,\n" +
			"addresses and services must fit. A change counts at once, also while leadglass serve runs.",
		Args: noArgs, RunE: func(cmd *cobra.Command, _ []string) error { return usage(cmd, "say what to do with devices") },
	}
	c.flags(cmd)
	cmd.AddCommand(deviceEnrol(t, c), deviceList(t, c), deviceRevoke(t, c))
	return cmd
}

// enrolConfig is what leadglass device enrol is told.
type enrolConfig struct {
	// AE are the titles that the device calls itself.
	AE []string
	// Called are those of ours that it may call; all without.
	Called []string
	// Address are addresses or networks from where it speaks; anywhere without.
	Address []string
	Role    []string
	// Service are routes that it may use, such as C-STORE; all without.
	Service []string
	// Purpose is the purpose of use that its work implies.
	Purpose string
	// Listens is host:port where it takes objects, for C-MOVE and storage commitment.
	Listens string
	// Plain says that it takes them without encryption.
	Plain bool
	// Out is a new folder for its key, its certificate and our authority's.
	Out string
	// Certificate is a PEM file that the device has already; its key is enrolled.
	Certificate string
	// Subject binds by the subject of certificates of the site's authority.
	Subject string
	// Days is for how long the certificate that is made counts.
	Days int
	// RSA makes a key for machines that cannot do ECDSA.
	RSA bool

	Organisation, Department, Site string
}

func (e *enrolConfig) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.SortFlags = false
	f.StringArrayVar(&e.AE, "ae", nil, "AE `title` that the device calls itself (repeatable)")
	f.StringArrayVar(&e.Role, "role", nil, "`role`: modality, workstation, router or one of the site's (repeatable)")
	f.StringVar(&e.Out, "out", "", "new `folder` for key.pem, cert.pem and ca.pem, which go into the device")
	f.StringVar(&e.Certificate, "certificate", "", "PEM `file` of a certificate that the device has already, instead of --out")
	f.StringVar(&e.Subject, "subject", "", "`name` in certificates of the site's own authority, as CN=ct1,O=Hospital or dns:ct1.example.org")
	f.StringArrayVar(&e.Address, "address", nil, "`address` or network that it speaks from (repeatable; default anywhere)")
	f.StringArrayVar(&e.Called, "called", nil, "our `title` that it may call (repeatable; default any)")
	f.StringArrayVar(&e.Service, "service", nil, "`route` that it may use, as C-STORE, C-FIND, QIDO-RS (repeatable; default all that its role may)")
	f.StringVar(&e.Purpose, "purpose", "", "`code` of PurposeOfUse that its work implies (default TREAT for modality, workstation, router)")
	f.StringVar(&e.Listens, "listens", "", "`host:port` where it takes objects by C-MOVE")
	f.BoolVar(&e.Plain, "plain", false, "it takes them without encryption: only on this machine will the policies allow it")
	f.IntVar(&e.Days, "days", 730, "for how many `days` the certificate counts")
	f.BoolVar(&e.RSA, "rsa", false, "make an RSA key, for machines that cannot do ECDSA")
	f.StringVar(&e.Organisation, "organisation", "", "`name` of the organisation")
	f.StringVar(&e.Department, "department", "", "`name` of the department")
	f.StringVar(&e.Site, "site", "", "`name` of the site")
}

func deviceEnrol(t *tui, c *archiveConfig) *cobra.Command {
	e := &enrolConfig{}
	cmd := &cobra.Command{
		Use: "enrol NAME --ae TITLE --role ROLE --out FOLDER", Short: "Enrol a device, and make its certificate",
		Example: "  leadglass device enrol ct-1 --ae CT1 --address 192.0.2.5 --role modality --out ct-1\n" +
			"  leadglass device enrol ws-7 --ae WS7 --role workstation --listens ws7.example.org:2762 --out ws-7\n" +
			"  leadglass device enrol router --ae ROUTER --role router --certificate router.pem",
		Args: oneArg("the name of the device"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if n := given(e.Out, e.Certificate, e.Subject); n != 1 {
				return usage(cmd, "name one of --out, --certificate and --subject: by what the device is known")
			}
			return e.enrol(cmd.Context(), t, c, args[0])
		},
	}
	e.flags(cmd)
	return cmd
}

func given(all ...string) (n int) {
	for _, s := range all {
		if s != "" {
			n++
		}
	}
	return n
}

func (e *enrolConfig) enrol(ctx context.Context, t *tui, c *archiveConfig, name string) error {
	sc, err := c.existing()
	if err != nil {
		return err
	}
	en, err := e.enrolment(name)
	if err != nil {
		return err
	}
	d, err := sc.OpenDirectory(ctx)
	if err != nil {
		return err
	}
	var made *ca.Issued
	switch {
	case e.Out != "":
		authority, err := sc.OpenCA(ctx)
		if err != nil {
			return err
		}
		if made, err = authority.Device(e.request(en)); err != nil {
			return err
		}
		en.Keys = []string{ca.SPKI(made.Certificate)}
	case e.Certificate != "":
		if en.Keys, err = keyOf(e.Certificate); err != nil {
			return err
		}
	}
	if err := en.Check(); err != nil {
		return err
	}
	if made != nil {
		if err := handOver(e.Out, made); err != nil {
			return err
		}
	}
	if err := d.Enrol(ctx, *en); err != nil {
		if made != nil {
			takeBack(e.Out)
		}
		return err
	}
	return t.enrolled(en, e.Out)
}

// enrolment is what the flags say.
func (e *enrolConfig) enrolment(name string) (*identity.Enrolment, error) {
	en := &identity.Enrolment{
		Name: name, Subject: e.Subject, Calling: typed[leadglass.AETitle](e.AE), Called: typed[leadglass.AETitle](e.Called),
		Services: typed[leadglass.Route](e.Service), Roles: typed[leadglass.Role](e.Role),
		Organisation: e.Organisation, Department: e.Department, Site: e.Site,
	}
	for _, a := range e.Address {
		p, err := identity.ParseNetwork(a)
		if err != nil {
			return nil, &hintError{fmt.Errorf("--address %q is no address", a), "write 192.0.2.5 or 192.0.2.0/28", exitTrouble}
		}
		en.Addresses = append(en.Addresses, p)
	}
	if err := e.purpose(en); err != nil {
		return nil, err
	}
	if e.Listens == "" {
		return en, nil
	}
	host, port, err := net.SplitHostPort(e.Listens)
	n, notNumber := strconv.ParseUint(port, 10, 16)
	if err != nil || notNumber != nil {
		return nil, &hintError{fmt.Errorf("--listens %q is not host:port", e.Listens), "write ws7.example.org:2762", exitTrouble}
	}
	en.Host, en.Port, en.TLS = host, int(n), !e.Plain
	return en, nil
}

// purpose is the one that is named, or that the work of a machine implies.
func (e *enrolConfig) purpose(en *identity.Enrolment) error {
	if e.Purpose != "" {
		p, ok := leadglass.ParsePurpose(e.Purpose)
		if !ok {
			return &hintError{fmt.Errorf("--purpose %q is no purpose of use", e.Purpose), "write a code of HL7 PurposeOfUse, such as TREAT", exitTrouble}
		}
		en.Purpose = p
		return nil
	}
	for _, r := range []leadglass.Role{leadglass.Modality, leadglass.Workstation, leadglass.Router} {
		if slices.Contains(en.Roles, r) {
			en.Purpose = leadglass.Treatment
		}
	}
	return nil
}

func (e *enrolConfig) request(en *identity.Enrolment) ca.DeviceRequest {
	rq := ca.DeviceRequest{Name: en.Name, Lifetime: time.Duration(e.Days) * 24 * time.Hour, RSA: e.RSA}
	if en.Host != "" {
		rq.Hosts = []string{en.Host}
	}
	return rq
}

func typed[T ~string](all []string) (out []T) {
	for _, s := range all {
		out = append(out, T(s))
	}
	return out
}

// maxCertificate bounds a file with the certificate of a device, in bytes.
const maxCertificate = 64 << 10

func keyOf(name string) ([]string, error) {
	text, err := regular.Read(name, maxCertificate)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %s", name, regular.Reason(err))
	}
	all, err := ca.ParseCertificates(text)
	if err != nil {
		return nil, err
	}
	return []string{ca.SPKI(all[0])}, nil
}

// handOver writes what goes into the device.
func handOver(dir string, made *ca.Issued) error {
	if err := os.Mkdir(dir, 0o700); err != nil {
		if errors.Is(err, fs.ErrExist) {
			return &hintError{fmt.Errorf("%s is there already", dir), "name a new folder: keys are not overwritten", exitTrouble}
		}
		return err
	}
	for name, text := range map[string][]byte{"key.pem": made.KeyPEM, "cert.pem": made.CertPEM, "ca.pem": made.RootsPEM} {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// takeBack removes what handOver wrote: nobody may use it.
func takeBack(dir string) {
	for _, name := range []string{"key.pem", "cert.pem", "ca.pem"} {
		_ = os.Remove(filepath.Join(dir, name))
	}
	_ = os.Remove(dir)
}

func (t *tui) enrolled(en *identity.Enrolment, out string) error {
	if out != "" {
		out = fmt.Sprintf("; put %s/key.pem, cert.pem and ca.pem into it: the key is kept nowhere else", filepath.Clean(out))
	}
	purpose := "it declares its purpose with each request"
	if en.Purpose != "" {
		purpose = "what it does counts as " + string(en.Purpose)
	}
	return t.print("%s is enrolled as %s (%s)%s\n", en.Name, words(en.Roles), purpose, out)
}

func deviceList(t *tui, c *archiveConfig) *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List devices", Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.withDirectory(cmd.Context(), func(d *identity.Directory) error {
				all, err := d.Devices()
				if err != nil {
					return err
				}
				w := tabwriter.NewWriter(t.out, 0, 0, 2, ' ', 0)
				fmt.Fprintln(w, "NAME\tTITLES\tROLES\tSERVICES\tFROM\tTAKES AT\tSTATE")
				for _, e := range all {
					fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", e.Name, cmp.Or(words(e.Calling), "-"), cmp.Or(words(e.Roles), "-"), cmp.Or(words(e.Services), "all"), from(&e), takesAt(&e), state(&e))
				}
				return w.Flush()
			})
		},
	}
}

func from(e *identity.Enrolment) string {
	var all []string
	for _, p := range e.Addresses {
		if p.IsSingleIP() {
			all = append(all, p.Addr().String())
			continue
		}
		all = append(all, p.String())
	}
	return cmp.Or(words(all), "anywhere")
}

func takesAt(e *identity.Enrolment) string {
	switch {
	case e.Host == "":
		return "-"
	case e.TLS:
		return net.JoinHostPort(e.Host, strconv.Itoa(e.Port))
	}
	return net.JoinHostPort(e.Host, strconv.Itoa(e.Port)) + " (plain)"
}

func state(e *identity.Enrolment) string {
	switch {
	case !e.Revoked.IsZero():
		return "revoked " + e.Revoked.Format(time.DateOnly)
	case !e.Until.IsZero():
		return "until " + e.Until.Format(time.DateOnly)
	}
	return "active"
}

func deviceRevoke(t *tui, c *archiveConfig) *cobra.Command {
	return &cobra.Command{
		Use: "revoke NAME", Short: "Keep a device out, at once and for good", Args: oneArg("the name of the device"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.withDirectory(cmd.Context(), func(d *identity.Directory) error {
				if err := d.Revoke(cmd.Context(), args[0]); err != nil {
					return err
				}
				return t.print("%s is revoked\n", args[0])
			})
		},
	}
}

// caCommand prints what machines must believe.
func caCommand(t *tui) *cobra.Command {
	c := &archiveConfig{}
	cmd := &cobra.Command{
		Use: "ca", Short: "Print the certificate of the archive's own authority",
		Long: "Prints, in PEM, the certificate that machines and browsers must trust to know the archive.",
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			sc, err := c.existing()
			if err != nil {
				return err
			}
			a, err := sc.OpenCA(cmd.Context())
			if err != nil {
				return err
			}
			return t.print("%s", a.PEM())
		},
	}
	c.flags(cmd)
	return cmd
}
