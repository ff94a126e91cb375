"""Opening an exported record: the file, and the key that the person expects."""

from django import forms

from runbook.exports.reading import MIB, MOST_EVENTS, MOST_JSON, MOST_ZIP


class OpenRecordForm(forms.Form):
    """A file as it was handed out; with a fingerprint only what that key signed is opened."""

    file = forms.FileField(
        label="File",
        allow_empty_file=True,  # reading it says so in its own words
        help_text=(
            f"A ZIP up to {MOST_ZIP // MIB} MiB or a JSON export up to {MOST_JSON // MIB} MiB, with "
            f"at most {MOST_EVENTS:,} events, made with the profile internal."
        ),
        widget=forms.FileInput(attrs={"accept": ".zip,.json"}),
    )
    fingerprint = forms.CharField(
        label="Fingerprint of the key, if you have it",
        required=False,
        max_length=100,
        help_text=(
            "Eight groups of four, such as 5EBD E3E6, from whoever runs the other installation and "
            "by another way than the file. A record that another key signed is then refused."
        ),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
