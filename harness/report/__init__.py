"""What people look at: Allure, the auditor's page, the catalog, progress."""
