import { gunzipSync } from 'node:zlib';

/**
 * What torch 2.15 wrote, compressed: `b = arange(12.).reshape(3, 4)`, saved as `OrderedDict(w=b, t=b.t(), h=b[1:, 1:3], bf=b[0].bfloat16(),
 * z=zeros(0, 2))`.
 */
export const JUDGED_CHECKPOINT: Uint8Array = Uint8Array.from(
  gunzipSync(
    Buffer.from(
      'H4sIAAAAAAACA6WVv2/TQBTHL7/TUPKjPygtUMrvFEpqO2mS8quphYyEB9IgUMQSuYmbWLhJX3JpoRJSJdRIjPwDiImRhQHGjmwIhJg6IDExMcGG4M5uXNtpGlFOeTk5us/3fc/33iUrutwI+f2oY4TRAJLqxYqyKk+XJCzFVh6qAh9EDyxjw1ks1lRVLmKlVm0E7tRLcl0u3VSKOABoMgeOaN5BxNbAWcQ1ohYrNLGiNgKFurzYVNRSAcvVRq1eWOUC4IpG8z6yuEFWSmUZ3DoSENSahO/qPwbAowky4M27yFxcaYJP7MfgXxCR6BLdLegT3aKjBYFnFWrgEIb+HBzWIAzBCklScVc8FW9Fw0IUc4uuFoRFB6UjOjaAYTAHQxpWgWE7dmRB9IhO0dmCET3bUR0bxTCWg2N5J8EWl+C4zu3sg9c2wiaNrZzQ5FkYJ6JuDCc1L5swITo24ZQueBrDmRyc1Rauw7m2D+2Zg/MEJLu6QEFE3USJKeJmUocvYriUg6lmLCv6/L9vv//wimA0sl1PfQQNG6ceW6rVlyVcWJXrDXK6Ah+xHT4ZLJV++2P7KTVEo7v0GErtSu+ccUFSlXJ1Wa5igY93qvceyQQ1MLcG3+krd+5rIILmDAOLj7Fco8Uq8FcPkrc9VAVjVaYeNq9/G/WSLN59PQTRDUtXTTMCf+U/DOiqG3PkK0M+JDZIvCSxReIrCTRPepnEBAlmnjp99GTpBkN7qIfTIatTVuDDqDM/yZ3JZKjum/L2ayrkN3TRnrrXrLqcwKcP/Aa6+w+hQSOPUcEhe6J4gDr/+KJ8r3f9jCNut4A16w25rpAKXpfo7VdQSgIf+8edMOnEbCKdTidSs8kZJpFOxWcYlp3hmNRsioszXJpj00yS5ajL518+/4wSH1HNpYOaNXyauzvc4dx+j9tpcwOPWMhfDtTtPrCLmJtwzCKy4ET7dL5dx9xIEYvOJ5OO0cB23FzdQQt+34VsvWdnzRVsZZHbxrJtdu8aN4+8neXsec31F7KwWya2y3s3l8W4BR7woB4FmxW93ql2ebsuG2Sfbb6lbxW98+gz4eg/Nfrj05/1m9/j1Zk+bb2+9i9s+36yYQgAAA==',
      'base64',
    ),
  ),
);
