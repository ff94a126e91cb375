"""Views: functions that fetch, call and render, one file per noun."""
