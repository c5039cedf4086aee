"""Live and rehearsed sessions: processes of their own, found and watched by what lies in their folders."""
