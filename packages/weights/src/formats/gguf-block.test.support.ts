/**
 * Blocks of random quanta under random scales, and what `gguf.quants.dequantize` of gguf-py 0.19 makes of them: the first numbers, and
 * the SHA-256 of all as little-endian 32-bit floats.
 */
export const JUDGED_BLOCKS = {
  Q2_K: {
    block:
      'i0rl8alBBqCVaiavvM2v5WL5CpRfVpPGQidq1astpzlFUTcOmbLXTDQn+kjXMqHfcKyh6SYRWQHdBvJ/jwY80l4ZpiH5vQzMITl8HseVyne2Nb8u',
    first: [7.00927734375, 3.0830078125, 7.00927734375],
    sha256: '38c2160774d2a42d573bbc7eb4b8f9f046fb97ec2291ef5e854122365f951be4',
  },
  Q3_K: {
    block:
      'eoiTTZLFjv1RhfBxHvdneh8TKoGNiCGVoQCyjWsja4JIG9n+Yw3Dzjvk68q3L0WzUiNHn255TVcDfiz96eFad4l4HjchpVfY5acDKW3Lgds/Zc+cG9xdHY/IPwsLtNtxvlciCYUdPST0wM+DT7g=',
    first: [-38.77734375, -9.6943359375, 9.6943359375],
    sha256: '7f46716bb84aa63d31189610e274ad5001796191280e23385cfbda5a188f82cb',
  },
  Q4_K: {
    block:
      'ML7gOnF5ztLI+BShNHL/cM42nYOFRSpE8xgzfwjNHmFPI10/g7xF/unuBAOnm+EYVERBMXyTEfheBCmxn37A4Vb2WjMi55G4gO6ZXj8NMH0vuvQAaToXng0CftTli+ep68KKJx1Dp4hVY4FE62YD97JyXeEf5qwviKaBgoaXk/Cq1t7YEW46tRaBxKN0/scK',
    first: [-1068.03125, -461.65625, -992.234375],
    sha256: 'f045b26ea21d6fe5082c9303d45c327b3c67a0baf7b71f81f664a2a5afa5c816',
  },
  Q5_K: {
    block:
      'W7otObS4Drp8XP2BEhvqnO4YEN/VFp+vJs17XDDIq6RNlyKZ6Me0G5odKw8YBgCpdNY7YzIgLJmOgrJSLEnEOUx9cyZbaq9hsoj70K7Pp2ZhYiNhHnZMk6o4j/q9CmpkErIJlx4tgnB29+SauPoZcnG+U6NEKxKM2tcrrQ+K7vQqC5om10/HjyViuHAQl6VbVRBUPSftYA3jIApnSTB/03iZwRiBmvZnQ5TD96pfk/M=',
    first: [-204.060546875, -286.681640625, -493.234375],
    sha256: '586b7ae7e25ce7223dd78480e94289f1b10e5ac85b7786a9b7ee0aee24910972',
  },
  Q6_K: {
    block:
      'LIEKN747P38Rg8Pfg3XFF7Tnhqmq33SI+JKxIZE4ethqylbYUxySe5Mf6PFueVubMxdn5xLb6PUzHdmRfwHmRxDdPCX00haQoElFMTVVDsAZOovtF4PVPslEZY0dKJYMRLA4LpNDjmB4jVHieaEx+BMLPqS9L12V5XvXkUNthA9OZlRggTW7+4hdNGlZpJs2QCpPPcxIn7ZRH74J5dcr+DTgT+AoykmR4Cq9dyef7cIG0jGMqLgoem9LeVIJV11yd9RWwPboGg5YTXMGYPVruIw1',
    first: [495.05859375, 41.2548828125, -907.607421875],
    sha256: 'c029faf5e29baa4d1f4f58d57095b01220c104ee291d7741ac1de39576fdf848',
  },
  Q4_0: {
    block: 'M7s+6FfbdR/yI3Jq2QaX90n3',
    first: [-5.3994140625, -0, 0.89990234375],
    sha256: '8fd370de4248c34c81629d1011ccfb730b8566df001b3183224cec6563d5507b',
  },
  Q4_1: {
    block: 'p7r+uCTuOhTr1BOG2Prvbp5scN8=',
    first: [-3.9501953125, -12.265625, -8.939453125],
    sha256: 'f68e9ac7d059f307d4dc37b04c828492e8a376412007825cc7163bbebff4182c',
  },
  Q5_0: {
    block: 'l7KTR2jwBa8NWiPdtGX8WkibQ+duow==',
    first: [-1.0296630859375, -3.0889892578125, 0.6177978515625],
    sha256: '6b5a2228afecafe7e295ba2d3f549a2cdf4b19b8ac1a4af7cd105cbee7e0b2ad',
  },
  Q5_1: {
    block: 'Ea2EKLv5v+jmSMr/dwSsJtInoGnDkvTu',
    first: [-1.706298828125, -1.8646240234375, -0.75634765625],
    sha256: 'd58e534d33402c2cd0f010d5d08a565a43599c1794f721ea388ddf56ac407293',
  },
  Q8_0: {
    block: 'ty08vrSvfs/yHNOkCPgCI+OT3dgIRT1rrZDv2KuitNCWIg==',
    first: [5.357666015625, -5.8934326171875, -6.786376953125],
    sha256: '63cac0eb405143ebeb74c2e140b686748c44ff2ab39f8f9b64ec8d0992687cb1',
  },
} as const;

/** One block of numbers, four times these eight, as `gguf.quants.quantize` of gguf-py 0.19 packs it. */
export const JUDGED_NUMBERS = [0.3, -1.7, 2.49, 0, -0, 1e-3, 5.5, -5.5] as const;
export const JUDGED_QUANTA = {
  Q8_0: 'iykH2TkAAAB/gQfZOQAAAH+BB9k5AAAAf4EH2TkAAAB/gQ==',
  Q4_0: 'gLmIqkSIiIgA/4iqRIiIiAD/',
} as const;
