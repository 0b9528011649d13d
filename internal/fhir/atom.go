package fhir

// text passes over a string. The key of an object is also returned.
func (s *scanner) text(isKey bool) (name, error) {
	s.take()
	s.key = s.key[:0]
	for {
		if ok, err := s.fill(); err != nil {
			return name{}, err
		} else if !ok {
			return name{}, s.broken(Truncated)
		}
		run := plain(s.in[s.pos:s.end])
		s.piece(isKey, run...)
		s.pos += len(run)
		if s.pos == s.end {
			continue
		}
		switch c := s.in[s.pos]; c {
		case '"':
			s.take()
			if !isKey {
				return name{}, nil
			}
			return s.endKey()
		case '\\':
			if err := s.escape(isKey); err != nil {
				return name{}, err
			}
		case 0: // PostgreSQL cannot store it and nobody meant it
			s.pos++
		case '\n':
			if s.lines {
				return name{}, s.broken(Truncated)
			}
			return name{}, s.broken(Syntax)
		default:
			return name{}, s.broken(Syntax)
		}
	}
}

func (s *scanner) endKey() (name, error) {
	if len(s.key) > maxKey {
		s.breach(TooLarge)
		s.key = s.key[:0]
	}
	n, ok := s.named(s.key)
	if !ok {
		return n, s.broken(Syntax)
	}
	return n, nil
}

// plain is the part of b before the first byte that means something in a string.
func plain(b []byte) []byte {
	for i, c := range b {
		if c == '"' || c == '\\' || c < ' ' {
			return b[:i]
		}
	}
	return b
}

// piece copies part of a string, and keeps it aside if it is part of a key.
func (s *scanner) piece(isKey bool, b ...byte) {
	s.copy(b...)
	if isKey && len(s.key) <= maxKey {
		s.key = append(s.key, b[:min(len(b), maxKey+1)]...)
	}
}

func (s *scanner) escape(isKey bool) error {
	c, err := s.raw(isKey)
	if err != nil {
		return err
	}
	c, err = s.raw(isKey)
	if err != nil {
		return err
	}
	switch c {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return nil
	case 'u':
	default:
		return s.broken(Syntax)
	}
	for range 4 {
		c, err := s.raw(isKey)
		if err != nil {
			return err
		}
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') && (c < 'A' || c > 'F') {
			return s.broken(Syntax)
		}
	}
	return nil
}

// raw takes one byte, whatever it is.
func (s *scanner) raw(isKey bool) (byte, error) {
	if ok, err := s.fill(); err != nil {
		return 0, err
	} else if !ok {
		return 0, s.broken(Truncated)
	}
	c := s.in[s.pos]
	s.piece(isKey, c)
	s.pos++
	return c, nil
}

// number passes over a number as RFC 8259 section 6 spells it, of any length:
// nothing here turns it into a float.
func (s *scanner) number() error {
	if _, err := s.accept("-"); err != nil {
		return err
	}
	zero, err := s.accept("0")
	if err != nil {
		return err
	}
	if !zero {
		if err := s.digits(); err != nil {
			return err
		}
	}
	if dot, err := s.accept("."); err != nil {
		return err
	} else if dot {
		if err := s.digits(); err != nil {
			return err
		}
	}
	exp, err := s.accept("eE")
	if err != nil || !exp {
		return err
	}
	if _, err := s.accept("+-"); err != nil {
		return err
	}
	return s.digits()
}

func (s *scanner) digits() error {
	for n := 0; ; n++ {
		ok, err := s.accept("0123456789")
		if err != nil {
			return err
		}
		if !ok && n == 0 {
			return s.broken(Syntax)
		}
		if !ok {
			return nil
		}
	}
}

// accept takes the next byte if it is one of set.
func (s *scanner) accept(set string) (bool, error) {
	if ok, err := s.fill(); !ok {
		return false, err
	}
	for i := range len(set) {
		if s.in[s.pos] == set[i] {
			s.take()
			return true, nil
		}
	}
	return false, nil
}

// word passes over true, false or null.
func (s *scanner) word() error {
	for _, w := range []string{"true", "false", "null"} {
		if s.in[s.pos] != w[0] {
			continue
		}
		for i := range len(w) {
			ok, err := s.accept(w[i : i+1])
			if err != nil {
				return err
			}
			if !ok {
				return s.broken(Syntax)
			}
		}
		return nil
	}
	return s.broken(Syntax)
}
