"""The board's page before a station that plays fixed states."""

import mock_station as mock
from board_browser import BoardTest


class MockedTest(BoardTest):
    def station(self, slots=8, dressed=False, pins=None):
        station = mock.Station(mock.snapshot(slots), pins)
        if dressed:
            mock.dress(station)
        server, self.url = mock.serve(station)
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        self.addCleanup(station.cut)
        return station
