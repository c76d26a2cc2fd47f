-- One model of lifetime value, with the parameters that the literature prints for CDs bought on the web.

INSERT INTO lifetime_value_models (
  model_id, version, method, parameters, spend_parameters, currency, trained_from, trained_until, customers, repeaters,
  flags, data_hash, report
)
SELECT '01920000-0000-7000-8000-00000000aaaa', 1, 'MBG/NBD', '{"r": 0.525, "alpha": 6.183, "a": 0.891, "b": 1.614}',
  '{"p": 6.25, "q": 3.74, "gamma": 15.44}', 'EUR', now() - interval '3 years', now(), 1000, 400, '{}', 'none', '{}'
WHERE NOT EXISTS (SELECT FROM lifetime_value_models);
