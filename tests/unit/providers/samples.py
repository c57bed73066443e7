"""The vendors' documented requests and answers, as their pages print them (comments and control characters aside).

Must not know the product: expected values are written by hand beside each use.
"""

from __future__ import annotations

SET_NUMBER = """{
    "number_code": 74991112233,
    "call_forwarding_type": 2,
    "call_forwarding_number": {
       "redirect_type": 1,
       "call_control":[
           {
                "timeout": "16",
                "active": true,
                "period": "wd {Mon-Fri} hr {6am-14pm}",
                "period_description": "график будни",
                "name": "звонит клиент",
                "redirect_number": "74992223344"
            }
       ],
        "event_url": "https://example.com/",
        "event_extended": true,
        "client_id": "test",
        "file_to_a": "12345",
        "file_to_b": "54321",
        "masking": true,
        "display_number": "74995556677"
    }
}"""

SET_URL = """{
    "number_code": 74991112233,
    "call_forwarding_type": 3,
    "call_forwarding_ipcr": {
        "url": "https://example.com/",
        "reserve": "74993334455"
    }
}"""

SET_TRUNK = """{
    "number_code": 74991112233,
    "call_forwarding_type": 4,
    "call_forwarding_static": {
       "static_ip": "127.0.0.1",
       "port": 10,
       "timeout": 30,
       "did": 111
    }
}"""

SET_SIP = """{
    "number_code": 74991112233,
    "call_forwarding_type": 1,
    "call_forwarding_sip": {"sip_uri": "testsip06844538@testsip.test.ru"}
}"""

ATTRIBUTES_NUMBER = """{
    "number_resource_id": "94004", "status_name": "Active",
    "attributes": {
        "call_record": false, "call_forwarding_type": 2,
        "call_forwarding_number": {
            "redirect_type": 1,
            "call_control": [{"timeout": "16", "active": true, "name": "звонит клиент",
                              "redirect_number": "74996480184", "dtmf": "8"}],
            "event_url": "https://example.com/", "event_extended": true, "file_to_a": "12345", "file_to_b": "54321",
            "answer": true, "masking": true, "display_number": "74995557890"
        }
    }
}"""

ATTRIBUTES_URL = """{
    "number_resource_id": "51802", "status_name": "",
    "attributes": {
        "call_record": true, "call_forwarding_type": 3,
        "call_forwarding_ipcr": {"url": "http://example.com", "reserve": "74996482846"}
    }
}"""

EXTERNAL_NUMBERS = '{"result": {"total": 1, "numbersList": [{"number": "78005560251", "type": null}]}}'
SET_PARKING = '{ "params": { "numbers": ["880023213", "880034344"], "isParking": true } }'
PARKED = '{ "success": 1 }'
TOKENS = """{
  "access_token": "sample-access-token-0001",
  "expires_in": 7200,
  "refresh_token": "sample-refresh-token-0001",
  "scope": "https://mtt.ru/auth/openapi.readwrite",
  "token_type": "Bearer"
}"""
