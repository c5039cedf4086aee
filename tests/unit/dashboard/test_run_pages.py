"""Files that the server gives to be kept."""

import unittest
from email.message import Message

from starlette.responses import Response

from dashboard.api.run_pages import attachment


class Attachments(unittest.TestCase):
    def test_any_name_reaches_the_client_and_nothing_else_does(self) -> None:
        for name in (
            "report_07d4eae9.html",
            'a"; filename="x.exe',
            "übung \r\nSet-Cookie: a=b",
            "日本/../../x",
            "%0a'",
        ):
            with self.subTest(name):
                [told] = [value for key, value in Response(headers={"x": attachment(name)}).raw_headers if key == b"x"]
                read = Message()
                read["content-disposition"] = told.decode("ascii")
                self.assertEqual((name, "attachment"), (read.get_filename(), read.get_content_disposition()))


if __name__ == "__main__":
    unittest.main()
