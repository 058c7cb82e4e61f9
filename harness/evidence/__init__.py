"""What a run leaves behind: journal, bundle and seal; and the audit that checks them with nothing else at hand."""
